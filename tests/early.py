"""Words are chosen when a fragment is drawn, once a language. One chosen while its fact is read would be English to all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

import pytest

from server.kit import relay, text
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change

_reading: ContextVar[bool] = ContextVar("reading", default=False)


class Watched:
    """Stands for the language that words are chosen in; notes who asks for it while a fact is read."""

    def __init__(self, real: ContextVar[str], early: list[str]) -> None:
        self._real, self._early = real, early

    def get(self) -> str:
        if _reading.get():
            asker = sys._getframe(2)
            self._early.append(f"{asker.f_code.co_filename}:{asker.f_lineno}")
        return self._real.get()

    def set(self, language: str) -> Token[str]:
        return self._real.set(language)

    def reset(self, token: Token[str]) -> None:
        self._real.reset(token)


@contextmanager
def no_early_words() -> Iterator[None]:
    early: list[str] = []
    read = relay.changes_of

    async def reading(tx: Tx, row: EventRow) -> dict[str, list[Change]]:
        token = _reading.set(True)
        try:
            return await read(tx, row)
        finally:
            _reading.reset(token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "changes_of", reading)
        patch.setattr(text, "_language", Watched(text._language, early))
        yield
    assert early == [], "words chosen before the language is known"
