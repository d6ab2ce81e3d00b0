"""How the server's processes are started."""

import gc
from collections.abc import Iterator

import pytest

from server.serving import spare_the_readers


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generation of each collection, while nothing of this process stays changed."""
    seen: list[int] = []
    threshold = gc.get_threshold()

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_growing_starts_no_collection_of_all_that_lives(collections: list[int]) -> None:
    spare_the_readers()
    grown = [[] for _ in range(700 * 10 * 15)]  # as a thousand readers who come, half of them again
    assert len(grown) and collections.count(1) >= 10
    assert 2 not in collections, "each walks everything, and no screen changes meanwhile"
