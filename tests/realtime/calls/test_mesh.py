"""Two members may talk directly: when it is tried, when it counts, and what brings it back."""

from dataclasses import replace

import pytest

from realtime.calls.mesh import PATIENCE, SETTLED
from tests.realtime.calls.test_rooms import ANA, BEN, EVA, GUS, Play


@pytest.fixture
def pair() -> Play:
    play = Play()
    play.inside(ANA)
    play.pass_(1, ANA)
    play.inside(BEN)
    return play


def direct(play: Play) -> Play:
    play.pass_(SETTLED + 0.5, ANA, BEN)
    play.say(1, do="mesh", up=True)
    play.say(2, do="mesh", up=True)
    return play


def test_who_was_there_first_offers(pair: Play) -> None:
    pair.pass_(SETTLED + 0.5, ANA, BEN)
    assert [(pair.last(socket, "mesh")["first"], pair.last(socket, "mesh")["with"]) for socket in (1, 2)] == [
        (True, 2),
        (False, 1),
    ]
    assert not pair.room.plan().direct


def test_media_moves_only_when_both_say_so(pair: Play) -> None:
    pair.pass_(SETTLED + 0.5, ANA, BEN)
    pair.say(1, do="mesh", up=True)
    pair.say(1, do="mesh", up=True)
    assert not pair.room.plan().direct
    pair.say(2, do="mesh", up=True)
    assert pair.room.plan().direct
    assert all(pair.last(socket, "mesh")["on"] for socket in (1, 2))


def test_words_are_relayed_within_the_pair_and_under_the_true_name(pair: Play) -> None:
    pair.say(1, do="relay", to=2, kind="candidate", candidate="")
    assert not pair.told(2, "relay"), "before a direct path is tried there is nothing to relay"
    pair.pass_(SETTLED + 0.5, ANA, BEN)
    pair.say(1, do="relay", to=2, kind="candidate", candidate="")
    relayed = pair.last(2, "relay")
    assert (relayed["from"], relayed["kind"], relayed["candidate"]) == (1, "candidate", "")
    pair.say(1, do="relay", to=1, kind="candidate", candidate="")
    pair.say(1, do="relay", to=3, kind="candidate", candidate="")
    assert not pair.told(1, "relay")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("third", "third"),
        ("guest", "third"),
        ("recording", "recording"),
        ("hold", "hold"),
        ("muted", "hold"),
        ("voice", "voice"),
        ("down", "failed"),
        ("reload", "failed"),
        ("leave", "left"),
    ],
)
def test_back_through_the_server_at_once(pair: Play, what: str, why: str) -> None:
    direct(pair)
    match what:
        case "third":
            pair.join(EVA)
        case "guest":
            pair.join(replace(GUS, waiting=False))
        case "recording":
            pair.wish(recording="on")
        case "hold":
            pair.wish(held=frozenset({1}))
        case "muted":
            pair.wish(muted=frozenset({1}))
        case "voice":
            pair.room.voice = True
            pair.pass_(0.25, ANA, BEN)
        case "down":
            pair.say(2, do="mesh", up=False)
        case "reload":
            pair.join(BEN, 22)
        case "leave":
            pair.say(2, do="leave")
    assert pair.last(1, "sfu")["why"] == why
    assert not pair.room.plan().direct


def test_a_guest_in_the_lobby_changes_nothing(pair: Play) -> None:
    direct(pair)
    pair.join(GUS)
    assert pair.room.plan().direct


def test_a_pair_that_failed_is_not_tried_again_until_somebody_comes_back(pair: Play) -> None:
    pair.pass_(SETTLED + PATIENCE + 1, ANA, BEN)
    assert pair.last(1, "sfu")["why"] == "failed"
    pair.pass_(60, ANA, BEN)
    assert len(pair.told(1, "mesh")) == 1
    pair.join(BEN, 22)
    pair.up(BEN)
    pair.pass_(SETTLED + 0.5, ANA, BEN)
    assert len(pair.told(1, "mesh")) == 2


@pytest.mark.parametrize("wishes", [{"recording": "paused"}, {"held": frozenset({2})}])
def test_never_tried_where_it_is_not_allowed(pair: Play, wishes: dict[str, object]) -> None:
    pair.wish(**wishes)
    pair.pass_(60, ANA, BEN)
    assert not pair.told(1, "mesh")


def test_never_with_a_guest() -> None:
    play = Play()
    play.inside(ANA, replace(GUS, waiting=False))
    play.pass_(60, ANA, GUS)
    assert not play.told(1, "mesh")
