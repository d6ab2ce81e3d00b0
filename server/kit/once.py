"""What many facts ask of one snapshot of the database is read once."""

import functools
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from server.kit.db import Tx

P = ParamSpec("P")
T = TypeVar("T")


def remember(tx: Tx) -> None:
    """From here on loaders marked `once` look once for each question. Only for a snapshot in which facts are drawn:
    a page asks each thing once anyway, and a transaction that writes changes the answers."""
    tx.info.setdefault("answers", {})


def once(load: Callable[Concatenate[Tx, P], Awaitable[T]]) -> Callable[Concatenate[Tx, P], Awaitable[T]]:
    """Marks a loader whose answer is the same for all facts of a case or a record. Nobody changes what it gives."""

    @functools.wraps(load)
    async def ask(tx: Tx, *args: P.args, **words: P.kwargs) -> T:
        answers: dict[Hashable, Any] | None = tx.info.get("answers")
        if answers is None:
            return await load(tx, *args, **words)
        question = (load, *map(_hashable, args), *sorted(words.items()))
        if question not in answers:
            answers[question] = await load(tx, *args, **words)
        return cast(T, answers[question])

    return cast(Callable[Concatenate[Tx, P], Awaitable[T]], ask)


def _hashable(arg: Any) -> Hashable:
    if isinstance(arg, set):
        return frozenset(arg)
    return tuple(arg) if isinstance(arg, list) else arg
