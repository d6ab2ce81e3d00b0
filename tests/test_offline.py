"""What the command line refuses, and what it says then."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from typer.testing import CliRunner

from server.cli import app as commands
from server.demo import fill
from server.importing import import_file
from server.kit.errors import Invalid
from server.offline import make_owner, make_token
from server.settings import Settings

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("email", "workspace", "said"),
    [
        ("nobody@example.org", "", "Nobody here has the mail nobody@example.org"),
        ("", "", "--email is empty: whose token shall it be?"),
        ("eva@example.org", "Nowhere", "eva@example.org is not in “Nowhere”. They are in: “Casa”, “Nogal”"),
        ("eva@example.org", "", "eva@example.org is in several workspaces. Say with --workspace in which: "),
    ],
)
async def test_whose_token_it_shall_be(
    app: Starlette, settings: Settings, email: str, workspace: str, said: str
) -> None:
    for name in ("Casa", "Nogal"):
        await make_owner(settings, "eva@example.org", PASSWORD, "Eva", name)
    with pytest.raises(Invalid) as told:
        await make_token(settings, email, workspace)
    assert told.value.message.startswith(said)


async def test_a_workspace_has_a_name_that_people_see(app: Starlette, settings: Settings) -> None:
    with pytest.raises(Invalid) as told:
        await fill(settings, "\u202e\u200b")
    assert told.value.fields == {"workspace": "A name is needed"}
    for name in ("Casa", "\x01Casa"):
        assert "Casa" in await make_owner(settings, "eva@example.org", PASSWORD, "", name)
    assert await make_token(settings, "eva@example.org", "")  # one workspace


async def test_a_pipe_is_no_file(app: Starlette, settings: Settings, tmp_path: Path) -> None:
    """It was waited for without an end: the columns are looked at before the rows come in."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Invalid) as told:
        await import_file(settings, tmp_path / "pipe", [], "", "")
    assert "save it to one first" in told.value.message


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite3.OperationalError("database or disk is full"), "Not now: there is no room left on the disk.\n"),
        (sqlite3.OperationalError("database is locked"), "Not now: the database is busy or does not answer.\n"),
    ],
)
def test_what_fails_for_now_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: sqlite3.Error, said: str
) -> None:
    async def fails(*_words: object) -> str:
        raise OperationalError("INSERT", {}, error)

    monkeypatch.setattr("server.demo.fill", fails)
    told = CliRunner().invoke(commands, ["demo"], env={"DATA_DIR": str(tmp_path)})
    assert (told.exit_code, told.stderr) == (75, said)
