"""How many statements a request takes."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event
from starlette.applications import Starlette


async def statements(app: Starlette, act: Callable[[], Awaitable[Any]]) -> int:
    ran: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        ran.append(statement)

    database = app.state.database  # on PostgreSQL the reader is the writer with other options, and tells it everything
    engines = {
        database.engine.sync_engine,
        database._reader.sync_engine if database.is_sqlite else database.engine.sync_engine,
    }
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await act()
        assert answer.status_code < 400, answer.text
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    return len([statement for statement in ran if not statement.startswith(("BEGIN", "PRAGMA"))])
