"""Settings that cannot be used are told in one line each, and a database that is not there in one."""

import fcntl
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli import app as commands
from server.kit.errors import Away
from server.kit.migrate import migrate as bring
from server.settings import Settings
from tests.needs import free_port

WRONG = {
    "PORT": ("abc", "0", "99999"),
    "BASE_URL": ("example.org", "https://", "https://example.org/crm", "https://example.org?x=1", "https://a b.org"),
    "DATABASE_URL": ("mysql://x:secret@y/z", "postgresql://x:secret@y:port/z"),
    "REDIS_URL": ("nonsense", "redis://cache:port", "redis://:se#cret@cache:6379"),
    "SMTP_URL": ("mail.example.org", "smtp://mail.example.org:99999", "smtp://x:secret@y:0"),
    "MAIL_FROM": ("nonsense", "Acme, Inc. <crm@example.org>", "Ana <á@example.org>", "crm@example.org\nBcc: x@y.org"),
    "TRUSTED_PROXIES": ("localhost", "10.0.0.1/8", "127.0.0.1,", "*, 127.0.0.1"),
    "MEDIA_ADDRESS": ("crm.example.org", "203.0.113.5:40000", "0.0.0.0"),
    "MEDIA_BIND": ("eth0", "::"),
    "TURN_URL": ("https://relay.example.org", "turn:a.example.org, nonsense", "turn:a.example.org?transport=sctp"),
    "SPEECH": ("no-such-program", "espeak-ng -v es"),
    "LOG_LEVEL": ("LOUD",),
    "MAX_UPLOAD_MB": ("0", "9999999999999"),
    "PATCH_HOURS": ("-3",),
    "SESSION_DAYS": ("0",),
    "TRASH_DAYS": ("soon", "99999999999"),
    "SECRET_KEY": ("short",),
    "OUTBOUND_ALLOW": ("db.example.org", "127.0.0.1:25, :80"),
    "LINE_CALLS": ("-1", ""),
    "CALLS_PROCESS": ("maybe",),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_cannot_be_used_is_said(name: str, value: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(commands, ["migrate"], env={"DATA_DIR": str(tmp_path), name: value})
    assert told.exit_code == 1
    assert told.stderr.startswith(f"{name} cannot be used: ") and told.stderr.count("\n") == 1
    assert "secret" not in told.stderr and "Input" not in told.stderr


@pytest.mark.parametrize(
    "sender", ["crm@example.org", "Añoranza S.L. <crm@example.org>", '"Acme, Inc." <crm@localhost>']
)
def test_senders_as_people_write_them(sender: str) -> None:
    assert Settings(smtp_url="smtp://mail.example.org", mail_from=sender).mail_from == sender


def test_a_mail_server_needs_a_sender(tmp_path: Path) -> None:
    """Every letter would be refused, and the self-check would say that mail is set."""
    env = {"DATA_DIR": str(tmp_path), "SMTP_URL": "smtp://mail.example.org"}
    told = CliRunner().invoke(commands, ["migrate"], env=env)
    assert told.exit_code == 1 and told.stderr.startswith("MAIL_FROM cannot be used: SMTP_URL is set, and ")


def test_a_line_of_env_without_a_value_is_not_the_folder_one_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "")
    assert Settings(_env_file=None).data_dir == Path("data")  # type: ignore[call-arg]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = CliRunner().invoke(commands, ["migrate"], env={"DATA_DIR": str(tmp_path / "file" / "data")})
    assert (told.exit_code, told.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("what", ["", "tertulia.db"])
def test_what_may_not_be_written_is_said(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked in a way that the administrator of the machine, who may write everything, can be refused too."""
    (tmp_path / "tertulia.db").touch()
    shut = tmp_path / what
    monkeypatch.setattr("server.cli.os.access", lambda place, mode: place != shut)
    told = CliRunner().invoke(commands, ["serve"], env={"DATA_DIR": str(tmp_path)})
    assert (told.exit_code, told.stderr) == (1, f"DATA_DIR cannot be used: {shut}: Permission denied\n")


def test_an_env_file_that_is_no_text_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"MAIL_FROM=\xff\xfe")
    told = CliRunner().invoke(commands, ["migrate"])
    assert (told.exit_code, told.stderr) == (1, ".env cannot be read: it is no text in UTF-8\n")


def test_a_setting_that_is_wrong_costs_nobody_a_letter(tmp_path: Path) -> None:
    """Whoever pipes it in keeps it and tries again; with any other code it would be sent back."""
    env = {"DATA_DIR": str(tmp_path), "PORT": "abc"}
    assert CliRunner().invoke(commands, ["mail-in", "--to", "help@example.org"], "Hello", env=env).exit_code == 75


@pytest.mark.parametrize("words", [["--port", "70000"], ["--port", "-1"], ["--workers", "0"]])
def test_options_of_serve_that_cannot_be_used_are_said(words: list[str], tmp_path: Path) -> None:
    told = CliRunner().invoke(commands, ["serve", *words], env={"DATA_DIR": str(tmp_path)})
    assert told.exit_code == 2 and words[0] in told.stderr


def _a_newer_schema(file: Path) -> None:
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        made.execute("INSERT INTO alembic_version VALUES ('9999')")
        made.commit()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: file.write_bytes(b"This is a letter. " * 1000), "The database cannot be used: file is not a "),
        (_a_newer_schema, "The database is of a newer Tertulia: its schema is 9999"),
    ],
)
def test_a_database_that_is_not_ours_is_said(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    make(tmp_path / "tertulia.db")
    told = CliRunner().invoke(commands, ["migrate"], env={"DATA_DIR": str(tmp_path)})
    assert told.exit_code == 75
    assert told.stderr.startswith(said) and told.stderr.count("\n") == 1


def test_processes_that_start_side_by_side_share_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is made everybody else waits; a file without one is what a cut has left."""
    (tmp_path / "secret").touch()

    def made(size: int) -> str:
        with (tmp_path / "secret").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return "ab" * size

    monkeypatch.setattr("server.settings.secrets.token_hex", made)
    first, second = (Settings(_env_file=None, data_dir=tmp_path) for _ in range(2))  # type: ignore[call-arg]
    assert first.secret == second.secret == b"ab" * 32


@pytest.mark.parametrize("command", ["migrate", "serve", "worker"])
def test_a_database_that_is_not_there_is_said(command: str, tmp_path: Path) -> None:
    """In a process of its own: a server sets up the logging of the whole process."""
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    words = [sys.executable, "-m", "server", command]
    given = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url}
    told = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 75
    assert told.stderr.startswith("The database cannot be opened: 127.0.0.1:") and told.stderr.count("\n") == 1
    assert "Errno" not in told.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('::1', 5432, 0, 0)"), "db:5432: Connection refused"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 113] …"), "db:5432: Connection refused"),
        (TimeoutError(), "db:5432: no answer"),
        (socket.gaierror(-2, "Name or service not known"), "db: Name or service not known"),
        (ConnectionError("the server rejected SSL upgrade"), "db:5432: the server rejected SSL upgrade"),
    ],
)
async def test_how_a_database_is_out_of_reach(error: OSError, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What drivers say of it holds numbers, brackets and no advice."""

    async def fails(*_words: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr("asyncpg.connect", fails)
    with pytest.raises(Away) as told:
        await bring("postgresql+asyncpg://x:secret@db/z")
    assert told.value.message == f"The database cannot be opened: {said}. Is it running, and is DATABASE_URL right?"


def test_addresses_as_hosts_hand_them_out() -> None:
    given = Settings(database_url="postgres://a:b@db.example.org/x?sslmode=require", log_level="debug")
    assert given.database == "postgresql+asyncpg://a:b@db.example.org/x?ssl=require"
    assert given.log_level == "DEBUG"
