"""`python -m server import contacts`: the same import, without the page."""

import os
import signal
from pathlib import Path

import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from server.cli import app as commands
from server.importing import import_file
from server.kit.errors import Invalid
from server.settings import Settings
from tests.portability.conftest import PEOPLE, Client, contacts, fields


def write(folder: Path, content: str, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


async def test_a_file_comes_in(app: Starlette, ana: Client, settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, PEOPLE)
    assert await import_file(settings, file, [], "", "") == "created 3, updated 0, skipped 0, failed 0"
    assert await import_file(settings, file, [], "email", "Nogal Café") == "created 0, updated 0, skipped 3, failed 0"
    assert set(await fields(app)) == {"NIF"}
    page = (await ana.get("/import")).text
    assert "people.csv" in page


async def test_columns_can_be_told(app: Starlette, ana: Client, settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, "a,b,c,d\nTom,tom@example.org,12,no\n")
    mapping = ["a=name", "b=email", "c=new:number", "d=-"]
    assert (await import_file(settings, file, mapping, "email", "")).startswith("created 1")
    (tom,) = await contacts(app)
    assert (tom.name, tom.email, tom.custom) == ("Tom", "tom@example.org", {"c": 12})


async def test_failures_are_told(app: Starlette, ana: Client, settings: Settings, tmp_path: Path) -> None:
    rows = "name,email\n" + "".join(f"P{n},bad\n" for n in range(12)) + "Good,good@example.org\n"
    said = (await import_file(settings, write(tmp_path, rows), ["email=email"], "none", "")).splitlines()
    assert said[0] == "created 13, updated 0, skipped 0, failed 0"
    assert said[1] == "  line 2, email: “bad” is no e-mail address (the rest is in)"
    assert said[-1] == "  and 2 more"


@pytest.mark.parametrize(
    ("mapping", "key", "words"),
    [
        (["z=name"], "", "no column"),
        (["a=nothing"], "", "no field"),
        ([], "shoe", "No column"),
        ([], "email", "No column"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    app: Starlette, ana: Client, settings: Settings, tmp_path: Path, mapping: list[str], key: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await import_file(settings, write(tmp_path, "a,b\nTom,x\n"), mapping, key, "")
    assert words in refused.value.message
    assert await contacts(app) == []


@pytest.mark.parametrize("how", ["signal", "page"])
async def test_what_was_stopped_half_way_does_not_seem_to_run(
    app: Starlette, ana: Client, settings: Settings, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it offered to go on where the file is not."""

    async def tell(_self: object, done: int, total: int) -> None:
        if how == "page":
            assert (await ana.delete("/import/1/run")).status_code == 200
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    file = write(tmp_path, "name\n" + "".join(f"P{n}\n" for n in range(3000)))
    with monkeypatch.context() as patched:
        patched.setattr("server.importing._Teller.__call__", tell)
        with pytest.raises(Invalid) as told:
            await import_file(settings, file, [], "", "")
    come = len(await contacts(app))
    assert 0 < come < 3000 and told.value.message.startswith(f"Stopped: {come:,} of 3,000 rows are in. ")
    page = (await ana.get("/import/1")).text
    assert "Paused" in page and "Go on" not in page and "The command line reads this file" in page
    again = await ana.put("/import/1/run")
    assert again.status_code == 409 and "The command line reads this file" in again.text
    assert (await import_file(settings, file, [], "name", "")).startswith(f"created {3000 - come}, ")


def test_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    said = CliRunner().invoke(commands, ["import", "contacts", str(tmp_path / "none.csv")])
    assert said.exit_code == 1
    assert "cannot be read" in said.output
    assert CliRunner().invoke(commands, ["import", "deals", "x.csv"]).exit_code == 1


async def test_a_mail_that_is_known_in_other_letters_is_not_put_beside_itself(
    app: Starlette, ana: Client, settings: Settings, tmp_path: Path
) -> None:
    await import_file(
        settings, write(tmp_path, "name,email,phone\nTom,Tom@Example.org,+34 600 000 118 (work)\n"), [], "", ""
    )
    later = write(tmp_path, "name,email,phone\nTom,tom@example.org,+34600000118\n")
    await import_file(settings, later, [], "email", "")
    (tom,) = await contacts(app)
    assert [point["value"] for point in tom.emails] == ["tom@example.org"]
    assert tom.phones == [{"value": "+34600000118", "label": "work"}]
