from realtime.history import OVERHEAD, History
from realtime.message import Message


def message(n: int, topic: str = "a:1", size: int = 0) -> Message:
    return Message(topic, n, n, "p", {"*": b"x" * size})


def kept(history: History, topic: str = "a:1", after: int = 0, variant: str = "en") -> list[int] | None:
    entries = history.after(topic, after, variant)
    return None if entries is None else [entry.message.n for entry in entries]


def history(count: int = 100, age: float = 900, size: int = 10**6, now: list[float] | None = None) -> History:
    clock = now or [0.0]
    return History(count, age, size, lambda: clock[0])


def test_bounded_by_count():
    some = history(count=3)
    for n in range(1, 6):
        some.add(message(n))
    assert kept(some, after=2) == [3, 4, 5] and kept(some, after=1) is None and kept(some, after=5) == []


def test_bounded_by_age():
    now = [0.0]
    some = history(age=10, now=now)
    some.add(message(1))
    now[0] = 9
    some.add(message(2))
    now[0] = 15
    some.trim()
    assert kept(some, after=1) == [2] and kept(some, after=0) is None
    now[0] = 100
    some.trim()
    assert kept(some, after=2) is None and some.size == 0


def test_bounded_by_bytes_over_all_topics_oldest_first():
    each = OVERHEAD + 2 * 1000
    some = history(size=10 * each)
    for n in range(1, 9):
        some.add(message(n, "a:1", 1000))
        some.add(message(n, "b:1", 1000))
        assert some.size <= 10 * each
    assert kept(some, "a:1", 3) == kept(some, "b:1", 3) == [4, 5, 6, 7, 8] and kept(some, "a:1", 2) is None


def test_one_message_bigger_than_everything_is_not_kept():
    some = history(size=1000)
    some.add(message(1, size=10_000))
    assert some.size == 0 and kept(some) is None


def test_a_hole_makes_the_past_worthless():
    some = history()
    for n in (1, 2, 5):
        some.add(message(n))
    assert kept(some, after=2) is None and kept(some, after=4) == [5]


def test_what_was_rendered_for_some_does_not_serve_others():
    some = history()
    some.add(message(1), covers={"en"})
    some.add(message(2))
    assert kept(some, variant="en") == [1, 2] and kept(some, variant="es") is None and kept(some, after=1, variant="es") == [2]


def test_replacing_keeps_what_came_meanwhile():
    some = history()
    some.add(message(3))
    some.add(message(4))
    some.replace("a:1", [message(1), message(2), message(3)], {"en"})
    assert kept(some) == [1, 2, 3, 4]
    some.clear("a:1")
    assert kept(some) is None and some.size == 0


def test_a_busy_topic_does_not_pile_up_what_it_forgot():
    some = history(count=2)
    some.add(message(1, "quiet:1"))
    for n in range(1, 5001):
        some.add(message(n))
    assert len(some._arrivals) < 1100 and kept(some, "quiet:1") == [1]
