"""Who can do something, and which team a customer's address belongs to: asked by whoever routes, known elsewhere."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.kit.db import Tx


@dataclass(frozen=True, slots=True)
class Routes:
    """`skills`: all of a workspace. `able`: people with one of them who take work now. `territory`: the team of a
    customer's territory."""

    skills: Callable[[Tx, int], Awaitable[list[str]]]
    able: Callable[[Tx, int, str], Awaitable[list[int]]]
    territory: Callable[[Tx, int, str], Awaitable[int | None]]


async def _no_skills(tx: Tx, workspace_id: int) -> list[str]:
    return []


async def _nobody(tx: Tx, workspace_id: int, skill: str) -> list[int]:
    return []


async def _no_team(tx: Tx, workspace_id: int, about: str) -> int | None:
    return None


_routes = [Routes(_no_skills, _nobody, _no_team)]  # the last one holds


def offers_routes(routes: Routes) -> None:
    _routes.append(routes)


def known_routes() -> Routes:
    return _routes[-1]
