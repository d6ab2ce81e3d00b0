"""The settings of the announcer."""

import httpx2 as httpx

from tests.announcer.callers import set_up


async def test_it_is_set_up(ana: httpx.AsyncClient) -> None:
    path = await set_up(ana)
    page = await ana.get("/settings/announcer")
    assert len(path) > 25, page.text[:3000]
