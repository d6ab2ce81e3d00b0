"""What a client may say, checked strictly; pure data in, data out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from realtime.limits import CALL_SIZE, FRAME_SIZE

Topic = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}:[A-Za-z0-9_.:-]{1,120}$", strict=True)]
Number = Annotated[int, Field(ge=0, le=2**53, strict=True)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$", strict=True)]


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sub(Word):
    """Listen to topics, each since a number; None = from now."""

    t: Literal["sub"]
    topics: dict[Topic, Number | None] = Field(min_length=1)


class Unsub(Word):
    t: Literal["unsub"]
    topics: list[Topic] = Field(min_length=1)


class At(Word):
    """I look at this record, and edit this field; `editing` left out or null = no field.

    Looking at another record ends the former unless `also` is true; topic null = I look at nothing.
    """

    t: Literal["at"]
    topic: Topic | None
    editing: FieldName | None = None
    also: Annotated[bool, Field(strict=True)] = False


class Typing(Word):
    t: Literal["typing"]
    topic: Topic


class Call(Word):
    """Talk about a call: its members are the call module's business."""

    model_config = ConfigDict(extra="allow", frozen=True)
    t: Literal["call"]


class Auth(Word):
    """The first frame on the public door."""

    t: Literal["auth"]
    token: Annotated[str, StringConstraints(min_length=32, max_length=128, pattern=r"^[A-Za-z0-9_-]+$", strict=True)]


Said = Sub | Unsub | At | Typing | Call
_WORDS: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="t")])


class Malformed(Exception):
    """A frame we do not take; `code` goes to the client and says nothing about us."""

    def __init__(self, code: Literal["bad", "size", "unknown"]) -> None:
        super().__init__(code)
        self.code = code


def parse(raw: str) -> Said:
    """One client frame. Raises Malformed: `size` too long, `unknown` for a strange `t`, else `bad`."""
    size = len(raw) if len(raw) > CALL_SIZE else len(raw.encode("utf-8", "replace"))
    if size > CALL_SIZE:
        raise Malformed("size")
    try:
        said = _WORDS.validate_json(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        strange = any(problem["type"] == "union_tag_invalid" for problem in problems)
        raise Malformed("unknown" if strange else "bad") from None
    except (RecursionError, ValueError):
        raise Malformed("bad") from None
    if size > FRAME_SIZE and not isinstance(said, Call):
        raise Malformed("size")
    return said


def parse_auth(raw: str | None) -> str:
    """The token of an `auth` frame. Raises Malformed."""
    if raw is None or len(raw) > FRAME_SIZE:
        raise Malformed("bad")
    try:
        return Auth.model_validate_json(raw).token
    except (ValueError, RecursionError):
        raise Malformed("bad") from None


def members(call: Call) -> dict[str, Any]:
    """What a call frame holds besides its `t`."""
    return dict(call.model_extra or {})
