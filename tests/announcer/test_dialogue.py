"""The talk with a caller, as tables: what happens, and what is said and done; without media, with a clock of our own."""

from dataclasses import replace
from typing import Any

import pytest

from server.announcer.dialogue import ALTOGETHER, ANSWER, LONGEST, MOVES, ROUNDS, TRIES, Dialogue
from server.announcer.happenings import (
    Act,
    Alone,
    Came,
    Checked,
    Do,
    Happening,
    Key,
    Met,
    Nobody,
    Placed,
    Said,
    Say,
    Tick,
)
from server.announcer.script import File, Known, Menu, Option, Prompt, Script, Text
from server.announcer.speech import PROMPTS
from server.announcer.words import SOUNDS, files_of, shipped, text_of
from server.kit.text import LANGUAGES, speaking

SALES = Option("1", "team", "Sales", 4)
MAIN = Menu(
    1,
    greeting="Nogal Café",
    options=(
        SALES,
        Option("2", "person", "Mateo", 2),
        Option("3", "menu", "more", 2),
        Option("4", "self", ""),
        Option("5", "text", "hours", text="From nine to five."),
        Option("6", "file", "music", file="abc"),
        Option("9", "voicemail", ""),
    ),
)
MORE = Menu(2, options=(Option("0", "menu", "back", 1),))
SCRIPT = Script("en", 1, {1: MAIN, 2: MORE}, wait=30.0)
LUCIA = Known("Lucía Ferrer", (("your company", "Alameda"), ("your position", "")))


class Talk:
    """A dialogue whose sentences are told by their keys, and a clock that is moved by hand."""

    def __init__(self, script: Script = SCRIPT) -> None:
        self.now = 100.0
        self.dialogue = Dialogue(script, self.now)
        self.acts: list[Act] = []

    def feed(self, *happenings: Happening) -> list[str]:
        self.acts = [act for one in happenings for act in self.dialogue.feed(one, self.now)]
        return [word for act in self.acts for word in told(act)]

    def keys(self, digits: str) -> list[str]:
        return self.feed(*(Key(digit) for digit in digits))

    def wait(self) -> list[str]:
        """Until it wants to be told the time."""
        assert self.dialogue.due is not None
        self.now = self.dialogue.due
        return self.feed(Tick())

    @property
    def state(self) -> str:
        return self.dialogue.state


def told(act: Act) -> list[str]:
    if isinstance(act, Do):
        return [f"!{act.what}"]
    return [
        piece.key if isinstance(piece, Prompt) else f"~{piece.text}" if isinstance(piece, Text) else f"♪{piece.key}"
        for piece in act.pieces
    ]


OPTIONS = [f"option_{one.kind}" for one in MAIN.options]


def test_a_menu_is_greeted_with_and_asks_again() -> None:
    talk = Talk()
    assert talk.feed(Came()) == ["~Nogal Café", *OPTIONS]
    assert talk.dialogue.due == talk.now + ALTOGETHER, "the time begins when all is said"
    talk.feed(Said())
    assert talk.dialogue.due == talk.now + ANSWER
    assert talk.wait() == ["silence", *OPTIONS]
    assert talk.keys("8") == ["wrong", *OPTIONS]
    assert talk.keys("8") == ["leave_message", "tone"], "who cannot choose leaves a message"


@pytest.mark.parametrize(
    ("digit", "said", "state"),
    [
        ("1", ["!ring", "connecting"], "queue"),
        ("2", ["!ring", "connecting"], "queue"),
        ("3", ["welcome", "option_menu"], "menu"),
        ("4", ["!pause", "number"], "number"),
        ("5", ["~From nine to five.", *OPTIONS], "menu"),
        ("6", ["♪abc", *OPTIONS], "menu"),
        ("9", ["leave_message", "tone"], "tone"),
    ],
)
def test_where_keys_lead(digit: str, said: list[str], state: str) -> None:
    talk = Talk()
    talk.feed(Came())
    assert talk.keys(digit) == said
    assert talk.state == state


def test_it_rings_waits_and_takes_a_message() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("1")
    assert talk.acts[0] == Do("ring", SALES)
    assert talk.feed(Placed(1)) == [], "who is alone is told no number"
    assert talk.feed(Said()) == ["music"]
    assert talk.wait() == ["!unring", "nobody_free", "leave_message", "tone"]
    assert talk.feed(Said()) == ["!record"]
    assert talk.dialogue.due == talk.now + LONGEST
    assert talk.keys("5#") == ["!keep", "thanks"]
    assert talk.feed(Said()) == ["!end"]


def test_the_place_in_the_queue_is_told_when_it_changes() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("1")
    said = [talk.feed(Placed(number)) for number in (3, 3, 2, 1, 1)]
    assert said == [["place"], [], ["place"], ["next"], []]
    assert talk.feed(Said()) == ["music"]
    due = talk.dialogue.due
    talk.feed(Placed(2), Said())
    assert talk.dialogue.due == due, "being told a place makes nobody wait longer"


@pytest.mark.parametrize(
    ("happening", "said", "state"),
    [
        (Nobody(), ["!unring", "nobody_free", "leave_message", "tone"], "tone"),
        (Key("*"), ["!unring", "leave_message", "tone"], "tone"),
        (Key("1"), [], "queue"),
        (Met(), ["!hush"], "talk"),
    ],
)
def test_while_it_rings(happening: Happening, said: list[str], state: str) -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("1")
    assert talk.feed(happening) == said
    assert talk.state == state


def test_somebody_who_has_come_silences_it() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.feed(Met())
    assert talk.feed(Key("1"), Nobody(), Placed(3), Came(), Met()) == []
    assert talk.feed(Alone()) == ["goodbye"]
    assert talk.feed(Said()) == ["!end"]


def test_number_and_pin() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("4")
    assert talk.keys("123*4711#") == ["pin"], "a star begins anew"
    assert talk.keys("482913#") == ["!check"]
    assert talk.acts == [Do("check", number="4711", pin="482913")]
    assert "4711" not in repr(talk.acts) and "482913" not in repr(talk.acts)
    said = talk.feed(Checked(LUCIA))
    assert said == ["!resume", "hello_name", "field", "field", "self_service"]
    assert talk.keys("1") == ["~your company: Alameda.", "field", "field", "self_service"]
    assert talk.keys("2") == ["empty_field", "field", "field", "self_service"]
    assert talk.keys("7") == ["!call_back", "will_call", "field", "field", "self_service"]
    assert talk.keys("0") == ["~Nogal Café", *OPTIONS]
    assert talk.keys("4") == ["field", "field", "self_service"], "proved is proved"
    assert talk.keys("8") == ["leave_message", "tone"]


def test_wrong_pins_are_told_alike_and_end() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("4")
    said = []
    for _try in range(TRIES):
        talk.keys("12345678#000000#")
        said.append(talk.feed(Checked(None)))
    assert said[:-1] == [["no_match", "number"]] * (TRIES - 1)
    assert said[-1] == ["!resume", "no_match", "~Nogal Café", *OPTIONS]
    assert talk.keys("4") == ["no_match", "~Nogal Café", *OPTIONS], "no more tries in this call"


def test_digits_are_forgotten_when_nobody_goes_on() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("4123")
    assert talk.wait()[0] == "!resume"
    talk.keys("4")
    assert talk.keys("#") == [], "nothing of what was typed before is left"


def test_names_are_said_to_those_who_proved_them_alone() -> None:
    nameless = [piece for act in Talk().dialogue.feed(Came(), 0.0) for piece in getattr(act, "pieces", ())]
    assert not any(getattr(piece, "key", "") == "hello_name" for piece in nameless)
    talk = Talk(replace(SCRIPT, known=LUCIA))
    assert talk.feed(Came())[0] == "hello_name"
    said = talk.acts[0]
    assert isinstance(said, Say) and isinstance(said.pieces[0], Prompt) and said.pieces[0].private


def test_a_floor_under_hostile_keys() -> None:
    """Menus that lead in a circle, keys without end: it comes to an end by itself."""
    talk = Talk()
    talk.feed(Came())
    for _round in range(MOVES):
        talk.keys("30")
    assert talk.state == "bye"
    flood = Talk()
    flood.feed(Came())
    flood.keys("4" + "9" * 500)
    assert len(flood.dialogue._typed.press("#")) == 12


def test_nobody_stays_for_ever() -> None:
    talk = Talk()
    talk.feed(Came(), Said())
    talk.now += ALTOGETHER
    assert talk.feed(Tick()) == ["goodbye"]
    silent = Talk()
    silent.feed(Came())
    for _round in range(ROUNDS):
        silent.feed(Said())
        silent.wait()
    assert silent.state == "tone"


def test_closed_and_recorded() -> None:
    shut = replace(SCRIPT, menus={1: replace(MAIN, is_open=False, closed="Come tomorrow.")})
    assert Talk(shut).feed(Came()) == ["~Come tomorrow.", "leave_message", "tone"]
    later = replace(SCRIPT, menus={1: MAIN, 2: replace(MORE, is_open=False)})
    talk = Talk(later)
    talk.feed(Came())
    assert talk.keys("3") == ["closed", "leave_message", "tone"]
    assert Talk(replace(SCRIPT, records=True)).feed(Came())[0] == "recorded"


def test_a_new_connection_hears_the_last_sentence_again() -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys("3")
    assert talk.feed(Came()) == ["welcome", "option_menu"]


VALUES: dict[str, tuple[str, ...]] = {
    "hello_name": ("Lucía",), "connecting": ("Ventas",), "place": ("3",), "field": ("su empresa", "2"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_can_be_said_with_and_without_a_voice(language: str) -> None:
    """Every sentence in both languages, and a file for each."""
    with speaking(language):
        keys = [key for key in shipped() if not key.startswith("digit_")]
    assert len(keys) > 25
    for key in keys:
        values: Any = VALUES.get(key) or (("Ventas", "4") if key.startswith("option_") else ())
        prompt = Prompt(key, values)
        sentence = text_of(prompt, language)
        assert all(value in sentence for value in values if key not in ("option_voicemail", "option_self"))
        assert all((PROMPTS / language / f"{name}.opus").exists() for name in files_of(prompt)), key
    chosen = [key for key in shipped() if key.startswith("option_") and key != "option_file"]
    with speaking(language):
        assert len({shipped()[key] for key in chosen}) == len(chosen), "where no name can be said, kinds are told apart"
    english, spanish = (text_of(Prompt("pin"), one) for one in LANGUAGES)
    assert english != spanish
    assert all((PROMPTS / f"{name}.opus").exists() for name in SOUNDS)
    assert sum(file.stat().st_size for file in PROMPTS.rglob("*.opus")) < 200_000
    assert not isinstance(prompt, File)
