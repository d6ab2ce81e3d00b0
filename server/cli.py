"""Everything the command line does: serve, worker, calls, migrate, admin, token, import, channel, mail-in, demo."""

import asyncio
import errno
import fcntl
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from server.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
T = TypeVar("T")
LATER = 75  # sysexits.h: EX_TEMPFAIL
PLAIN = {
    "int_parsing": "a whole number is expected",
    "bool_parsing": "yes or no is expected",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


@contextmanager
def plainly() -> Iterator[None]:
    """Domain errors, a full disk and a database that is away become one plain line and exit code 1, or 75 when it is
    worth to try again."""
    from sqlalchemy.exc import SQLAlchemyError

    from server.kit.db import is_busy, is_full
    from server.kit.errors import Away, DomainError

    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if not (is_busy(error) or is_full(error)):
            raise
        why = "there is no room left on the disk" if is_full(error) else "the database is busy or does not answer"
        typer.echo(f"Not now: {why}.", err=True)
        raise typer.Exit(LATER) from None
    except DomainError as error:
        details = "; ".join(f"{name}: {text}" for name, text in error.fields.items())
        typer.echo(details or error.message, err=True)
        raise typer.Exit(LATER if isinstance(error, Away) else 1) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    with plainly():
        return asyncio.run(work)


def load_settings(code: int = 1) -> Settings:
    """What is wrong in the environment, in `.env` or in DATA_DIR is told setting by setting; ends with `code` then.
    The value is never told: it may be a password."""
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            said = PLAIN.get(one["type"], one["msg"].removeprefix("Value error, ")).format(**one.get("ctx", {}))
            typer.echo(f"{str(one['loc'][0]).upper()} cannot be used: {said}", err=True)
        raise typer.Exit(code) from None
    except (OSError, UnicodeDecodeError) as error:
        said = "it is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or ""
        typer.echo(f".env cannot be read: {said}", err=True)
        raise typer.Exit(code) from None
    try:
        open_home(settings)
    except OSError as error:
        place = error.filename or settings.data_dir
        typer.echo(f"DATA_DIR cannot be used: {place}: {error.strerror}", err=True)
        raise typer.Exit(code) from None
    return settings


def open_home(settings: Settings) -> None:
    """Raises OSError when DATA_DIR cannot be made or written, or the key in it not be read."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for place in (settings.data_dir, settings.data_dir / "tertulia.db"):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    assert settings.secret


def hold_alone(settings: Settings) -> Any:
    """On SQLite exactly one server: a second says so and stops."""
    if settings.database.startswith("sqlite"):
        lock = (settings.data_dir / "server.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            typer.echo("Another Tertulia already runs on this SQLite database. Stop it, or use PostgreSQL.", err=True)
            raise typer.Exit(1) from None
        return lock
    return None


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 0,
    workers: Annotated[int, typer.Option(help="Processes that share the port (PostgreSQL and Redis).", min=1)] = 1,
    jobs: Annotated[bool, typer.Option(help="Also do background work in this process.")] = True,
) -> None:
    """Migrate, then serve everything in one process (or several on PostgreSQL)."""
    from server.serving import serve_forever

    settings = load_settings()
    settings.host, settings.port = host or settings.host, port or settings.port
    if workers > 1 and settings.database.startswith("sqlite"):
        typer.echo("Several workers need PostgreSQL: set DATABASE_URL (and REDIS_URL).", err=True)
        raise typer.Exit(1)
    lock = hold_alone(settings)
    with plainly():
        serve_forever(settings, workers, jobs)
    del lock


@app.command()
def worker() -> None:
    """Do background work and drain the relay, without a web port."""
    from server.serving import work_forever

    settings = load_settings()
    lock = hold_alone(settings)
    run(work_forever(settings))
    del lock


@app.command()
def calls() -> None:
    """Carry the media of calls, beside web processes that do not (CALLS_PROCESS=1 and REDIS_URL for all of them)."""
    from server.serving import carry_calls

    settings = load_settings()
    if settings.carries_calls:
        typer.echo("A process of its own for calls needs REDIS_URL and CALLS_PROCESS=1.", err=True)
        raise typer.Exit(1)
    run(carry_calls(settings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from server.kit.migrate import migrate as bring

    run(bring(load_settings().database))


@app.command()
def admin(
    email: Annotated[str, typer.Option()],
    password: Annotated[str, typer.Option(envvar="TERTULIA_PASSWORD", prompt=True, hide_input=True)],
    name: Annotated[str, typer.Option()] = "",
    workspace: Annotated[str, typer.Option(help="Its name; a new one is made.")] = "",
) -> None:
    """Create an owner, or reset one's password and role, without the browser."""
    from server.offline import make_owner

    typer.echo(run(make_owner(load_settings(), email, password, name, workspace)))


@app.command()
def token(
    email: Annotated[str, typer.Option()],
    workspace: Annotated[str, typer.Option(help="Needed when the mail is known in several.")] = "",
) -> None:
    """Print a new API token of this person."""
    from server.offline import make_token

    typer.echo(run(make_token(load_settings(), email, workspace)))


@app.command("import")
def import_(
    what: Annotated[str, typer.Argument(help="What the file holds: contacts.")],
    file: Annotated[Path, typer.Argument(help="A table as text (CSV, TSV) or vCards.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="column=field, as often as needed; the rest is guessed.")
    ] = None,
    key: Annotated[str, typer.Option(help="How known records are found: email, phone, name or x.<field>.")] = "",
    workspace: Annotated[str, typer.Option(help="Needed when there are several.")] = "",
) -> None:
    """Import contacts from a file, beside a running server or without one."""
    from server.importing import import_file

    if what != "contacts":
        typer.echo(f"Only contacts can be imported, not {what}.", err=True)
        raise typer.Exit(1)
    typer.echo(run(import_file(load_settings(), file, mapping or [], key, workspace)))


@app.command()
def demo(
    workspace: Annotated[str, typer.Option(help="Its name; a new one is made when nobody has it.")] = "",
) -> None:
    """Fill a workspace with a believable team and its customers."""
    from server.demo import fill

    typer.echo(run(fill(load_settings(), workspace)))


@app.command()
def channel(
    act: Annotated[str, typer.Argument(help="What to do: add.")],
    kind: Annotated[str, typer.Argument(help="What kind of channel: email.")],
    address: Annotated[str, typer.Argument(help="The address that customers write to.")],
    workspace: Annotated[str, typer.Option(help="Needed when there are several.")] = "",
    name: Annotated[str, typer.Option(help="What customers read as the sender.")] = "",
) -> None:
    """Make an address at which customers write."""
    from server.mailbox import add_address

    if (act, kind) != ("add", "email"):
        typer.echo(f"Only `channel add email ADDRESS` is known, not {act} {kind}.", err=True)
        raise typer.Exit(1)
    typer.echo(run(add_address(load_settings(), address, workspace, name)))


@app.command("mail-in")
def mail_in(to: Annotated[str, typer.Option(help="The address it was delivered to.")]) -> None:
    """Take one mail from standard input, as a mail server pipes it, and print the number of its case.

    Ends with 67 when nobody here has the address, 65 when nothing comes, 75 when it should be tried again."""
    from server.mailbox import LARGEST, NOTHING, UNKNOWN
    from server.mailbox import mail_in as take

    raw = sys.stdin.buffer.read(LARGEST + 1)
    if len(raw) > LARGEST:
        typer.echo("This mail is too large.", err=True)
        raise typer.Exit(1)
    if not raw.strip():
        typer.echo("There is no mail on standard input: nothing was kept.", err=True)
        raise typer.Exit(NOTHING)
    taken = run(take(load_settings(LATER), to, raw))  # a setting that is wrong costs nobody a letter
    if taken is None:
        typer.echo(f"{to} is no address of ours.", err=True)
        raise typer.Exit(UNKNOWN)
    typer.echo(str(taken.case.number) if taken.case else "dropped: a machine wrote it, or we did")
