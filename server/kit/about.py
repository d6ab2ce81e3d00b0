"""References to records: "contact:7" is a kind and a number."""

import re

from starlette.convertors import IntegerConvertor

from server.kit.errors import Invalid, NotFound
from server.kit.text import _

_SHAPE = re.compile(r"([a-z_]{1,32}):([1-9][0-9]{0,17})\Z")


class RecordNumber(IntegerConvertor):
    """{id:int} in an address is a number that a column can hold; anything else is nothing of ours."""

    regex = "[1-9][0-9]{0,17}"


def parse_about(text: str | None) -> tuple[str, int]:
    """("contact", 7) from "contact:7"; anything else is NotFound, as a record that is not there."""
    match = _SHAPE.match(text or "")
    if match is None:
        raise NotFound(_("No such record"))
    return match[1], int(match[2])


def subject_id(subject: str) -> int:
    return int(subject.partition(":")[2])


def to_id(text: object) -> int:
    """A record number from a form or a body; refuses everything that is not a plain whole number."""
    if isinstance(text, bool) or not re.fullmatch(r"[1-9][0-9]{0,17}", str(text)):
        raise Invalid(id="Not a record number")
    return int(str(text))
