"""What people write at length: notes, replies and messages are read alike."""

import pytest

from server.cases.forms import parse_body as parse_reply
from server.kit.errors import Invalid
from server.kit.forms import parse_text
from server.timeline.forms import parse_body as parse_note


@pytest.mark.parametrize("raw", [None, 7, ["text"], {"text": 1}, "", " \n ", "\x00", "a" * 11])
def test_what_is_no_text_is_refused(raw: object) -> None:
    with pytest.raises(Invalid) as refused:
        parse_text(raw, 10, "Nothing there")
    assert list(refused.value.fields) == ["text"]


def test_space_around_it_is_not_counted() -> None:
    assert parse_text("  " + "a" * 10 + "\n", 10, "Nothing there") == "a" * 10


def test_nothing_is_said_in_the_words_of_what_was_to_be_written() -> None:
    for parse, said in ((parse_note, "An empty note says nothing"), (parse_reply, "There is nothing to send yet")):
        with pytest.raises(Invalid) as refused:
            parse(" ")
        assert refused.value.fields == {"text": said}
