"""What HTTP verbs want of a room: lobby, lock, removal, mute, hold, recording, the end. Tables, no media."""

from dataclasses import replace

from realtime.calls.ports import Joined, Seat, Wishes
from realtime.calls.rooms import GONE, Room
from tests.realtime.calls.test_rooms import ANA, BEN, EVA, GUS, Play, at, play

__all__ = ["play"]


def test_the_lobby(play: Play) -> None:
    play.inside(ANA)
    play.join(GUS)
    welcome = play.last(9, "welcome")
    assert welcome["waiting"] and [one["id"] for one in welcome["people"]] == [9]
    assert play.last(1, "people")["join"][0]["status"] == "waiting"
    assert 9 not in play.room.plan().peers
    play.pass_(120, ANA)  # waiting costs nothing while the socket stands
    play.say(1, do="state", hand=True)
    assert not play.told(9, "people"), "nothing of the room is told in the lobby"
    play.wish(admitted=frozenset({9}))
    assert [one["id"] for one in play.last(9, "people")["join"]] == [1]
    assert play.room.plan().peers == {1: 1, 9: 1}
    assert [fact.waiting for fact in play.facts if isinstance(fact, Joined)] == [False, True, False]


def test_one_guest_does_not_know_who_waits(play: Play) -> None:
    play.inside(ANA)
    play.join(GUS)
    play.wish(admitted=frozenset({9}))
    play.join(Seat(8, "guest", "Zoe", waiting=True))
    assert not any(one["id"] == 8 for frame in play.told(9, "people") for one in frame.get("join", ()))
    play.wish(admitted=frozenset({8, 9}))
    assert play.last(9, "people")["join"][0]["id"] == 8


def test_a_guest_whose_socket_is_lost_in_the_lobby_is_gone(play: Play) -> None:
    play.inside(ANA)
    play.join(GUS)
    play.room.gone(at(9), play.now)
    play.pass_(GONE + 0.5, ANA)
    assert play.left() == [(9, "lost")]


def test_a_locked_room_lets_back_but_not_in(play: Play) -> None:
    play.inside(ANA, BEN)
    play.wish(locked=True)
    play.join(EVA)
    assert play.last(3, "no")["why"] == "away"
    play.join(BEN, 22)
    assert play.last(22, "welcome")["me"] == 2


def test_removed_is_out_and_stays_out(play: Play) -> None:
    play.inside(ANA, BEN)
    play.wish(removed=frozenset({2}))
    assert play.last(2, "bye")["reason"] == "removed"
    play.join(BEN, 22)
    assert play.last(22, "no")["why"] == "away"
    assert play.room.plan().peers == {1: 1}


def test_ended_for_all(play: Play) -> None:
    play.inside(ANA, BEN)
    play.wish(ended="by Ana")
    assert [play.last(socket, "bye")["reason"] for socket in (1, 2)] == ["ended", "ended"]
    assert play.room.over and play.left() == [(1, "ended"), (2, "ended")]
    play.join(EVA)
    assert play.last(3, "no")["why"] == "away"


def test_restart_tells_everybody_and_nobody_has_left(play: Play) -> None:
    play.inside(ANA, BEN)
    play.room.restart(play.now)
    play.take()
    assert [play.last(socket, "bye")["reason"] for socket in (1, 2)] == ["restart", "restart"]
    assert play.left() == []


def test_a_full_room(play: Play) -> None:
    play.room = Room("r", play.now, 0.0, size=2)
    play.inside(ANA, BEN)
    play.join(EVA)
    assert play.last(3, "no")["why"] == "full"
    play.join(BEN, 22)
    assert play.told(22, "welcome")


def test_wishes_become_the_plan(play: Play) -> None:
    play.inside(ANA, BEN)
    play.wish(muted=frozenset({2, 77}), held=frozenset({1}), consented=frozenset({1, 2}), hosts=frozenset({2}))
    plan = play.room.plan()
    assert (plan.muted, plan.held, plan.recorded) == (frozenset({2}), frozenset({1}), frozenset())
    assert play.last(1, "people")["change"][0]["muted"] and play.last(1, "people")["change"][0]["host"]
    play.wish(recording="on", held=frozenset())
    assert play.room.plan().recorded == frozenset({1, 2})
    play.wish(consented=frozenset({1}))
    assert play.room.plan().recorded == frozenset({1})
    play.wish(recording="paused")
    assert play.room.plan().recorded == frozenset()


def test_a_guest_is_never_host(play: Play) -> None:
    play.inside(ANA)
    play.wish(hosts=frozenset({9}), admitted=frozenset({9}))
    play.join(replace(GUS, host=True))
    assert not next(one for one in play.last(9, "welcome")["people"] if one["id"] == 9)["host"]


def test_state_and_speaker_are_told_once(play: Play) -> None:
    play.inside(ANA, BEN)
    play.say(2, do="state", screen=True)
    play.say(2, do="state", screen=True)
    assert sum(change["screen"] for frame in play.told(1, "people") for change in frame.get("change", ())) == 1
    assert play.room.plan().shows[2] == frozenset({"screen"})
    for who in (1, 1, 2, None):
        play.room.speaks(who)
    play.take()
    assert [frame["who"] for frame in play.told(1, "speaker")] == [1, 2, None]


def test_default_wishes_ask_for_nothing() -> None:
    assert Wishes().ended is None and Wishes().recording == "off"


def test_who_is_on_hold_is_not_recorded(play: Play) -> None:
    """Nobody in the call hears them then, so what they say aside is none of its recording."""
    play.inside(ANA, BEN)
    play.wish(recording="on", consented=frozenset({1, 2}), held=frozenset({2}))
    assert play.room.plan().recorded == frozenset({1})
    play.wish(held=frozenset())
    assert play.room.plan().recorded == frozenset({1, 2})
