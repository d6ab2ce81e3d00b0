"""What each test would find out anew and a server finds out once: its compiled statements and templates, and which
statements are quick."""

import zlib
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event
from sqlalchemy.util import LRUCache

from server.kit import pages
from server.kit.db import Database
from server.kit.sqlite import Pace


class Statements(LRUCache[Any, Any]):
    """SQL that was compiled before, by the dialect's name: each engine has a dialect of its own, equal to no other."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


_statements, _pace = Statements(10_000), Pace()


def warm(database: Database) -> None:
    for engine in (database.engine.sync_engine, database._reader.sync_engine):
        engine._compiled_cache = _statements
        if database.is_sqlite:
            event.listen(engine, "connect", _share_pace)


def _share_pace(connection: Any, record: object) -> None:
    connection.driver_connection.pace = _pace


def keep_templates() -> None:
    """Compiled ones, for the next session too. Another environment compiles otherwise, so it has a folder of its own."""
    mark = zlib.crc32(Path(pages.__file__).read_bytes())
    folder = Path(f".scratch/templates/{mark:08x}")
    folder.mkdir(parents=True, exist_ok=True)
    pages.env.bytecode_cache = FileSystemBytecodeCache(str(folder))
