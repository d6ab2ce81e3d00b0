"""Settings that cannot be used are told in one line each, and a database that is not there in one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli import app as commands
from server.settings import Settings
from tests.needs import free_port

WRONG = {
    "PORT": ("abc", "0", "99999"),
    "BASE_URL": ("example.org", "https://"),
    "DATABASE_URL": ("mysql://x:secret@y/z",),
    "REDIS_URL": ("nonsense",),
    "SMTP_URL": ("mail.example.org",),
    "LOG_LEVEL": ("LOUD",),
    "MAX_UPLOAD_MB": ("0",),
    "PATCH_HOURS": ("-3",),
    "SESSION_DAYS": ("0",),
    "TRASH_DAYS": ("soon",),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_cannot_be_used_is_said(name: str, value: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(commands, ["migrate"], env={"DATA_DIR": str(tmp_path), name: value})
    assert told.exit_code == 1
    assert told.stderr.startswith(f"{name} cannot be used: ") and told.stderr.count("\n") == 1
    assert "secret" not in told.stderr


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = CliRunner().invoke(commands, ["migrate"], env={"DATA_DIR": str(tmp_path / "file" / "data")})
    assert (told.exit_code, told.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", ["migrate", "serve", "worker"])
def test_a_database_that_is_not_there_is_said(command: str, tmp_path: Path) -> None:
    """In a process of its own: a server sets up the logging of the whole process."""
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    words = [sys.executable, "-m", "server", command]
    given = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url}
    told = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 75
    assert told.stderr.startswith("The database cannot be opened: ") and told.stderr.count("\n") == 1


def test_addresses_as_hosts_hand_them_out() -> None:
    given = Settings(database_url="postgres://a:b@db.example.org/x?sslmode=require", log_level="debug")
    assert given.database == "postgresql+asyncpg://a:b@db.example.org/x?ssl=require"
    assert given.log_level == "DEBUG"
