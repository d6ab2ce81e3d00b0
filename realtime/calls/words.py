"""What a participant may say about a call, checked strictly; pure data in, data out."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

SDP_SIZE = 64 * 1024
LINES = 160  # media lines of a description: fifty people with three each, and the data channel
_SDP_LINE = re.compile(r"[a-z]=[^\x00-\x1f\x7f]{1,4096}")
_CANDIDATE = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} [12] (?i:udp|tcp) \d{1,10} [A-Za-z0-9.:_-]{1,253} \d{1,5}"
    r" typ (?:host|srflx|prflx|relay)(?: [A-Za-z0-9._:+/-]{1,256}){0,32}"
)


def _described(sdp: str) -> str:
    """A session description without anything between its lines that a parser may take for more."""
    if len(sdp.encode("utf-8", "replace")) > SDP_SIZE:
        raise ValueError("too long")
    lines = sdp.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if not lines or lines[0] != "v=0" or not all(_SDP_LINE.fullmatch(line) for line in lines):
        raise ValueError("not a session description")
    if sum(line.startswith("m=") for line in lines) > LINES:
        raise ValueError("too many media lines")
    return "\r\n".join(lines) + "\r\n"


def _candidate(line: str) -> str:
    if line and _CANDIDATE.fullmatch(line) is None:
        raise ValueError("not a candidate")
    return line


CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$", strict=True)]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,128}$", strict=True)]
Sdp = Annotated[str, Field(strict=True, max_length=SDP_SIZE), AfterValidator(_described)]
CandidateLine = Annotated[str, Field(strict=True, max_length=1024), AfterValidator(_candidate)]
Mid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,16}$", strict=True)]
Count = Annotated[int, Field(ge=0, le=2**31, strict=True)]
Switch = Annotated[bool, Field(strict=True)]


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    call: CallId


class On(BaseModel):
    """What of a participant is on; None = unchanged."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    audio: Switch | None = None
    video: Switch | None = None
    hand: Switch | None = None
    screen: Switch | None = None

    def said(self) -> dict[str, bool]:
        pairs = (("audio", self.audio), ("video", self.video), ("hand", self.hand), ("screen", self.screen))
        return {name: value for name, value in pairs if value is not None}


class Join(Word):
    do: Literal["join"]
    token: Token | None = None
    state: On = On()


class Answer(Word):
    do: Literal["answer"]
    round: Count
    sdp: Sdp


class Candidate(Word):
    do: Literal["candidate"]
    round: Count
    candidate: CandidateLine
    mid: Mid | None = None


class State(Word):
    do: Literal["state"]
    audio: Switch | None = None
    video: Switch | None = None
    hand: Switch | None = None
    screen: Switch | None = None

    def said(self) -> dict[str, bool]:
        return On(audio=self.audio, video=self.video, hand=self.hand, screen=self.screen).said()


class Digit(Word):
    do: Literal["digit"]
    digit: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]$", strict=True)]


class Mesh(Word):
    do: Literal["mesh"]
    up: Switch


class Relay(Word):
    do: Literal["relay"]
    to: Count
    kind: Literal["offer", "answer", "candidate"]
    sdp: Sdp | None = None
    candidate: CandidateLine | None = None
    mid: Mid | None = None


class Probe(Word):
    """Does UDP come through? `call` is any name; it comes back with the answer."""

    do: Literal["probe"]
    sdp: Sdp


class Leave(Word):
    do: Literal["leave"]


Said = Join | Answer | Candidate | State | Digit | Mesh | Relay | Probe | Leave
_WORDS: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="do")])


class Malformed(Exception):
    """A word we do not take; `code` goes to the client and says nothing about us."""

    def __init__(self, code: Literal["bad", "size"]) -> None:
        super().__init__(code)
        self.code = code


def understand(members: dict[str, Any]) -> Said:
    """One `call` frame's members. Raises Malformed."""
    sdp = members.get("sdp")
    if isinstance(sdp, str) and len(sdp) > SDP_SIZE:
        raise Malformed("size")
    try:
        return _WORDS.validate_python(members)
    except (ValidationError, RecursionError):
        raise Malformed("bad") from None
