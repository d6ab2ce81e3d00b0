"""`channel add` and `mail-in`, as a mail server calls them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli import app
from tests.cases.conftest import HELP, letter
from tests.conftest import Copy

runner = CliRunner()


@pytest.fixture
def installed(template: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", template("nogal"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def test_an_address_and_its_letters(installed: None) -> None:
    made = runner.invoke(app, ["channel", "add", "email", HELP, "--workspace", "Nogal Café"])
    assert (made.exit_code, made.stdout) == (0, f"{HELP} takes mail for “Nogal Café”\n")
    for number, id in (("1", "a"), ("1", "a"), ("2", "b")):
        taken = runner.invoke(app, ["mail-in", "--to", HELP], input=letter(Message_ID=f"<{id}@x.example>"))
        assert (taken.exit_code, taken.stdout) == (0, f"{number}\n"), taken.output


def test_what_is_not_ours_is_refused(installed: None) -> None:
    unknown = runner.invoke(app, ["mail-in", "--to", "nobody@nogal.example"], input=letter())
    assert unknown.exit_code == 67 and "no address of ours" in unknown.output
    assert runner.invoke(app, ["channel", "add", "pigeon", HELP]).exit_code == 1
    elsewhere = runner.invoke(app, ["channel", "add", "email", HELP, "--workspace", "Nope"])
    assert elsewhere.exit_code == 1
    assert elsewhere.output == "There is no workspace “Nope”. There is: “Nogal Café”\n"


@pytest.mark.parametrize("nothing", ["", " \r\n\n"])
def test_nothing_is_no_mail(installed: None, nothing: str) -> None:
    assert runner.invoke(app, ["channel", "add", "email", HELP, "--workspace", "Nogal Café"]).exit_code == 0
    taken = runner.invoke(app, ["mail-in", "--to", HELP], input=nothing)
    assert taken.exit_code == 65 and "There is no mail on standard input" in taken.output
    first = runner.invoke(app, ["mail-in", "--to", HELP], input=letter(Message_ID="<a@x.example>"))
    assert first.stdout == "1\n", "nothing was opened"
