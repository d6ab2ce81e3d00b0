"""What a participant may say, and what it may not."""

from typing import Any

import pytest

from realtime.calls.words import SDP_SIZE, Answer, Candidate, Join, Malformed, State, understand

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
LINE = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 46154 generation 0"


def said(**members: Any) -> Any:
    return understand({"call": "room1", **members})


def test_plain_words_are_understood() -> None:
    assert said(do="join", token="abc", state={"audio": True}) == Join(
        call="room1", do="join", token="abc", state={"audio": True}
    )
    assert isinstance(said(do="answer", round=1, sdp=SDP), Answer)
    assert said(do="candidate", round=1, candidate=LINE, mid="0").candidate == LINE
    assert said(do="candidate", round=1, candidate="").candidate == ""
    assert isinstance(said(do="state", hand=True), State)
    assert said(do="state", hand=True).said() == {"hand": True}
    assert isinstance(said(do="candidate", round=1, candidate=LINE.replace("203.0.113.7", "a1b2.local")), Candidate)


def test_line_ends_are_made_equal() -> None:
    assert said(do="answer", round=1, sdp=SDP.replace("\r\n", "\n")).sdp == SDP


@pytest.mark.parametrize(
    "members",
    [
        {"do": "shout"},
        {"do": "join", "token": "a b"},
        {"do": "join", "who": 7},
        {"do": "join", "call": "x" * 65},
        {"do": "join", "call": "../etc"},
        {"do": "state", "audio": "yes"},
        {"do": "state", "from": 3},
        {"do": "digit", "digit": "12"},
        {"do": "digit", "digit": "x"},
        {"do": "relay", "to": "3", "kind": "offer"},
        {"do": "relay", "to": 3, "kind": "bye"},
        {"do": "answer", "round": -1, "sdp": SDP},
        {"do": "answer", "round": 1, "sdp": "hello"},
        {"do": "answer", "round": 1, "sdp": SDP + "\x00"},
        {"do": "answer", "round": 1, "sdp": SDP + "a=x\x0by\r\n"},
        {"do": "answer", "round": 1, "sdp": SDP + "a=x\ry=1\r\n"},
        {"do": "answer", "round": 1, "sdp": SDP + "not a line\r\n"},
        {"do": "answer", "round": 1, "sdp": SDP + "m=audio 9 X 1\r\n" * 200},
        {"do": "candidate", "round": 1, "candidate": LINE + "\r\na=ice-lite"},
        {"do": "candidate", "round": 1, "candidate": LINE + "\n"},
        {"do": "candidate", "round": 1, "candidate": "candidate:1 1 udp 1 10.0.0.1;rm 1 typ host"},
        {"do": "candidate", "round": 1, "candidate": "a=" + LINE},
        {"do": "candidate", "round": 1, "candidate": LINE + " x" * 600},
    ],
)
def test_everything_else_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as problem:
        said(**members)
    assert problem.value.code == "bad"


def test_a_description_of_a_megabyte_is_refused_by_its_size_alone() -> None:
    with pytest.raises(Malformed) as problem:
        said(do="answer", round=1, sdp="v=0\r\n" + "a=x\r\n" * 200_000)
    assert problem.value.code == "size"
    with pytest.raises(Malformed):
        said(do="answer", round=1, sdp="v=0\r\n" + "a=" + "é" * (SDP_SIZE // 2) + "\r\n")
