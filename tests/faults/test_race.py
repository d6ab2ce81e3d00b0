"""Between the page and its socket nothing falls through (P5)."""

from tests.race import race
from tests.server import Server
from tests.writers import make_records

TRIES = 120


async def test_nothing_falls_between_page_and_socket(server: Server) -> None:
    await server.start()
    outcome = await race(server, await make_records(server, 8), TRIES)
    assert outcome.lost == 0
    assert outcome.in_page + outcome.by_socket == TRIES
    assert outcome.by_socket >= 10 and outcome.in_page >= 1, "the notes came at one moment only"
