"""How a talk with a caller ends: once, whatever is pressed, and in words."""

import pytest

from server.announcer.dialogue import ALTOGETHER, FAREWELL, OVERTIME, TYPING
from server.announcer.happenings import Alone, Came, Met, Tick
from tests.announcer.test_dialogue import Talk


def test_keys_do_not_move_the_end() -> None:
    """Whatever is pressed, and however slowly: it all has one end, also where no sound ever ends."""
    talk = Talk()
    begun = talk.now
    talk.feed(Came())
    talk.keys("4")
    while talk.state in ("number", "pin") and talk.now < begun + 2 * ALTOGETHER:
        talk.now = min(talk.now + TYPING - 1, talk.dialogue.due or 0.0)
        talk.feed(Tick())
        talk.keys("7")
    assert (talk.state, talk.now) == ("bye", begun + ALTOGETHER)
    assert talk.wait() == ["!end"] and talk.now == begun + ALTOGETHER + FAREWELL


@pytest.mark.parametrize("keys", ["", "1", "4", "412#"])
def test_the_end_comes_in_every_state(keys: str) -> None:
    talk = Talk()
    talk.feed(Came())
    talk.keys(keys)
    talk.now += ALTOGETHER
    said = talk.feed(Tick())
    assert ("!resume" in said) == (keys[:1] == "4"), "what was paused for the digits goes on"
    for _step in range(9):
        if "!end" in (said := talk.wait()):
            break
    assert said == ["!end"] and talk.now <= 100 + ALTOGETHER + OVERTIME + FAREWELL


def test_a_long_talk_is_parted_from_in_words() -> None:
    talk = Talk()
    talk.feed(Came(), Met())
    assert talk.dialogue.due is None
    talk.now += 10 * ALTOGETHER
    assert talk.feed(Alone()) == ["goodbye"]
    assert talk.dialogue.due == talk.now + FAREWELL
