"""On the second engine only what has an engine runs again: what has no database and no bus would say the same twice."""

import pytest

OF_AN_ENGINE = {"settings", "scenes", "redis_url"}  # fixtures


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    again = [item for item in items if _has_an_engine(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _has_an_engine(item)])
    items[:] = again


def _has_an_engine(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    return bool(OF_AN_ENGINE & set(item.fixturenames)) or hasattr(item.module, "ENGINE")
