"""The talk with a caller as a pure state machine: keys, ends of sentences, people and the time go in; acts come out."""

from typing import Literal

from server.announcer import script as written
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
from server.announcer.script import File, Known, Option, Piece, Prompt, Script, Text
from server.announcer.typed import Typed

ANSWER, TYPING, LONGEST = 8.0, 12.0, 120.0  # seconds
ALTOGETHER = 15 * 60.0  # before somebody answers
OVERTIME = LONGEST + 60.0  # beyond it for a message that has begun
FAREWELL = 30.0  # also where its sound never ends
LAST = ("tone", "message", "bye")
ROUNDS, MOVES, TRIES = 3, 30, 3  # silent or wrong answers in a row, menus entered, wrong PINs
CALL_ME, MESSAGE, AGAIN, BACK = "7", "8", "*", "0"
State = Literal["new", "menu", "queue", "number", "pin", "checking", "self", "tone", "message", "bye", "talk"]


class Dialogue:
    """`feed` gives the acts in their order; `due` is when it wants a Tick. No sentence, digit or name leaves it but
    in acts."""

    def __init__(self, script: Script, now: float) -> None:
        self.state: State = "new"
        self._due: float | None = None
        self._script, self._known = script, script.known
        self._menu = script.root
        self._now = now
        self._ends = now + ALTOGETHER
        self._parts_by = 0.0
        self._last: Say | None = None
        self._rounds = self._moves = self._tries = 0
        self._place = 0
        self._typed = Typed()
        self._waits_until = 0.0

    @property
    def due(self) -> float | None:
        """However often keys begin a wait anew, before somebody answers it all has one end."""
        if self.state == "talk":
            return None
        end = self._parts_by if self.state == "bye" else self._ends + (OVERTIME if self.state in LAST else 0.0)
        return end if self._due is None else min(self._due, end)

    def feed(self, what: Happening, now: float) -> list[Act]:
        self._now = now
        if self.state in ("talk", "bye") and not isinstance(what, Said | Alone | Tick):
            return []
        match what:
            case Came():
                return self._came()
            case Met():
                self._become("talk")
                return [Do("hush")]
            case Alone():
                return self._part("goodbye") if self.state == "talk" else []
            case Said():
                return self._said(now)
            case Key(digit=digit):
                return self._key(digit, now)
            case Checked(known=known):
                return self._checked(known) if self.state == "checking" else []
            case Placed(number=number):
                return self._placed(number)
            case Nobody():
                return self._nobody("nobody_free") if self.state == "queue" else []
            case Tick():
                return self._tick(now)

    @property
    def is_typing(self) -> bool:
        """A number or a PIN."""
        return self.state in ("number", "pin", "checking")

    # --- small things

    def _become(self, state: State, due: float | None = None) -> None:
        self.state, self._due = state, due
        if not self.is_typing:
            self._typed = Typed()

    def _say(self, *pieces: Piece, stops: bool = True, repeats: bool = False) -> Say:
        voice = self._script.menus[self._menu].voice
        self._last = Say(tuple(pieces), voice, stops, repeats)
        self._due = None  # the time begins when it is said
        return self._last

    def _part(self, key: str) -> list[Act]:
        self._become("bye")
        self._parts_by = self._now + FAREWELL
        return [self._say(Prompt(key), stops=False)]

    # --- events

    def _came(self) -> list[Act]:
        if self.state != "new":
            return [self._last] if self._last is not None and self.state != "message" else []
        before: list[Piece] = [Prompt("recorded")] if self._script.records else []
        menu = self._script.menus[self._menu]
        if not menu.is_open:
            return self._voicemail(*before, written.closed_of(menu))
        hello = [Prompt("hello_name", (self._known.name,), private=True)] if self._known else []
        return self._enter(self._menu, *before, *hello)

    def _said(self, now: float) -> list[Act]:
        match self.state:
            case "menu" | "self":
                self._due = now + ANSWER
            case "number" | "pin":
                self._due = now + TYPING
            case "tone":
                self._become("message", now + LONGEST)
                return [Do("record")]
            case "queue":
                return [self._hold(now)]
            case "bye":
                self._become("bye")
                return [Do("end")]
        return []

    def _hold(self, now: float) -> Say:
        said = self._say(Prompt("music"), stops=False, repeats=True)
        self._waits_until = self._waits_until or now + self._script.wait
        self._due = self._waits_until
        return said

    def _key(self, digit: str, now: float) -> list[Act]:
        match self.state:
            case "menu":
                return self._choose(self._script.menus[self._menu].option(digit))
            case "queue" if digit == AGAIN:
                return [Do("unring"), *self._voicemail()]
            case "number" | "pin":
                return self._type(digit, now)
            case "self":
                return self._serve(digit)
            case "message" if digit == "#":
                return [Do("keep"), *self._part("thanks")]
        return []

    def _tick(self, now: float) -> list[Act]:
        if now < (self.due or 0.0):
            return []
        if now >= self._ends and self.state not in LAST:
            return self._out_of_time()
        match self.state:
            case "queue":
                return self._nobody("nobody_free")
            case "message":
                return [Do("keep"), *self._part("thanks")]
            case "bye" | "tone":
                return [Do("end")]
            case "number" | "pin":
                return self._out_of_typing()
            case "menu" | "self":
                return self._unanswered(Prompt("silence"))
        return []

    def _out_of_time(self) -> list[Act]:
        if self.state == "queue":
            return self._nobody("nobody_free")
        before: list[Act] = [Do("resume")] if self.is_typing else []
        return [*before, *self._part("goodbye")]

    # --- menus

    def _enter(self, menu_id: int, *before: Piece) -> list[Act]:
        self._moves += 1
        menu = self._script.menus.get(menu_id)
        if menu is None or self._moves > MOVES:
            return self._part("goodbye")
        self._menu = menu_id
        if not menu.is_open and menu_id != self._script.root:
            return self._voicemail(*before, written.closed_of(menu))
        self._become("menu")
        return [self._say(*before, *written.greeting_of(menu), *written.choices_of(menu))]

    def _unanswered(self, why: Prompt) -> list[Act]:
        """Wrong or silent; after some rounds a message is taken: whoever calls cannot press, or does not know what."""
        self._rounds += 1
        if self._rounds >= ROUNDS:
            return self._voicemail()
        if self.state == "self":
            return [self._say(why, *written.offers_of(self._known))]
        return [self._say(why, *written.choices_of(self._script.menus[self._menu]))]

    def _choose(self, option: Option | None) -> list[Act]:
        if option is None:
            return self._unanswered(Prompt("wrong"))
        self._rounds = 0
        match option.kind:
            case "team" | "person" | "record" | "skill":
                return self._ring(option)
            case "voicemail":
                return self._voicemail()
            case "self":
                return self._self_service()
            case "menu":
                return self._enter(option.target or 0)
        self._moves += 1
        if self._moves > MOVES:
            return self._part("goodbye")
        piece: Piece = File(option.file) if option.kind == "file" else Text(option.text)
        return [self._say(piece, *written.choices_of(self._script.menus[self._menu]))]

    # --- ringing

    def _ring(self, option: Option) -> list[Act]:
        self._become("queue")
        self._place, self._waits_until = 0, 0.0
        return [Do("ring", option), self._say(Prompt("connecting", (option.label,)), stops=False)]

    def _placed(self, number: int) -> list[Act]:
        """Told when it changes, and not to who is alone from the beginning."""
        if self.state != "queue" or number == self._place or (number == 1 and not self._place):
            return []
        self._place = number
        due = self._due
        said = self._say(Prompt("next") if number == 1 else Prompt("place", (str(number),)), stops=False)
        self._due = due
        return [said]

    def _nobody(self, why: str) -> list[Act]:
        return [Do("unring"), *self._voicemail(Prompt(why))]

    def _voicemail(self, *before: Piece) -> list[Act]:
        self._become("tone")
        return [self._say(*before, Prompt("leave_message"), Prompt("tone"), stops=False)]

    # --- number and PIN

    def _self_service(self) -> list[Act]:
        if self._known is not None:
            return self._open(self._known)
        if self._tries >= TRIES:
            return self._enter(self._menu, Prompt("no_match"))
        self._become("number")
        return [Do("pause"), self._say(Prompt("number"))]

    def _type(self, digit: str, now: float) -> list[Act]:
        self._due = now + TYPING
        if not (whole := self._typed.press(digit)):
            return []
        if self.state == "number":
            self._typed.number = whole
            self._become("pin")
            return [self._say(Prompt("pin"))]
        number, self._typed = self._typed.number, Typed()
        self._become("checking")
        return [Do("check", number=number, pin=whole)]

    def _checked(self, known: Known | None) -> list[Act]:
        if known is not None:
            self._known = known
            return [Do("resume"), *self._open(known, Prompt("hello_name", (known.name,), private=True))]
        self._tries += 1
        if self._tries >= TRIES:
            return [Do("resume"), *self._enter(self._menu, Prompt("no_match"))]
        self._become("number")
        return [self._say(Prompt("no_match"), Prompt("number"))]

    def _out_of_typing(self) -> list[Act]:
        return [Do("resume"), *self._enter(self._menu)]

    # --- self-service

    def _open(self, known: Known, *before: Piece) -> list[Act]:
        self._become("self")
        self._rounds = 0
        return [self._say(*before, *written.offers_of(self._known))]

    def _serve(self, digit: str) -> list[Act]:
        self._moves += 1
        if self._moves > MOVES:
            return self._part("goodbye")
        if (told := written.told_of(self._known, digit)) is not None:
            return [self._say(told, *written.offers_of(self._known))]
        if digit == CALL_ME:
            return [Do("call_back"), self._say(Prompt("will_call"), *written.offers_of(self._known))]
        if digit == MESSAGE:
            return self._voicemail()
        if digit == BACK:
            return self._enter(self._menu)
        return self._unanswered(Prompt("wrong"))
