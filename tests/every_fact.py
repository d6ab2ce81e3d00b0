"""A plugin for parts that run whole: they fail when a fact that screens show was followed live by no test (HOUSE.md §4).

pytest -p tests.every_fact
"""

from typing import Any

import pytest

from server.kit.domain import discover
from server.kit.live import ANY, RENDERERS
from tests.live import TRIED


def missing() -> list[str]:
    discover()
    return sorted(RENDERERS.keys() - TRIED - {ANY})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended: what it tried counts here."""
    TRIED.update(node.workeroutput.get("tried", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tried"] = sorted(TRIED)
    elif missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if names := missing():
        terminalreporter.write_line(f"no test follows these facts on a second screen: {', '.join(names)}", red=True)
