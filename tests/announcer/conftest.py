"""Callers of one test are not counted with those of another, which share an address and a Redis."""

import pytest
from starlette.applications import Starlette


@pytest.fixture(autouse=True)
def counts_alone(request: pytest.FixtureRequest) -> None:
    if "app" in request.fixturenames:
        app: Starlette = request.getfixturevalue("app")
        vars(app.state.throttle)["_shared"] = None
