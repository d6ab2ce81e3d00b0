"""The sweep notices what it looks for."""

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers

from tests import make
from tests.house.rights.asker import Said
from tests.house.rights.sweep import WORD, Place, differs
from tests.house.rights.test_sweep import is_echo


def said(status: int, text: str, **headers: str) -> Said:
    return Said(status, Headers(headers), text)


@pytest.mark.parametrize(
    "there", [said(403, "Nothing here"), said(404, "Not yours"), said(404, "Nothing here", location="/x")]
)
def test_another_answer_for_what_is_closed_is_noticed(there: Said) -> None:
    assert differs(there, said(404, "Nothing here"))
    assert not differs(said(404, "No task 7"), said(404, "No task 999"))


def test_a_word_of_what_is_closed_is_noticed() -> None:
    assert not is_echo(f"<b>{WORD} note</b>")
    assert is_echo(f"Nothing fits {WORD}")


async def test_a_change_of_the_database_is_noticed(app: Starlette, place: Place) -> None:
    before = await place.look()
    await make.contact(app, "Somebody")
    assert await place.look() != before
