"""What another admin's screen becomes as webhooks come, fail, are tried again and go is what a reload shows."""

from starlette.applications import Starlette

from server.kit.clock import frozen
from server.kit.outbound import Outbound
from server.webhooks.access import may_hear_webhooks
from tests import make
from tests.channels.test_settings import mateo_becomes_admin
from tests.conftest import Client
from tests.kit.test_outbound import Site, site  # noqa: F401  a fixture
from tests.live import assert_live_equals_reload, assert_live_in_both_languages
from tests.webhooks.test_outgoing import NO, PAGE, YES, hook, work  # noqa: F401  a fixture among them


async def test_the_page_follows(app: Starlette, ana: Client, mateo: Client, site: Site) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    await mateo_becomes_admin(app)
    data = {"address": f"{site.url}/hook", "events": ["contact.created"]}
    await assert_live_equals_reload(app, mateo, PAGE, lambda: ana.post(PAGE, data=data), regions=("webhooks",))

    async def fail() -> None:
        await ana.post("/contacts", data={"name": "Lucía Ferrer"})
        await work(app)

    await assert_live_equals_reload(app, mateo, PAGE, fail, regions=("webhooks",))


async def test_the_page_follows_its_life(app: Starlette, ana: Client, mateo: Client, site: Site, hook: str) -> None:
    """Failing, well again, failing for days and so switched off, changed, removed."""
    await mateo_becomes_admin(app)
    await app.state.relay.drain()

    async def deliver(answer: bytes, days: int = 1) -> None:
        site.answers["/hook"] = answer
        with frozen() as clock:
            for n in range(days):
                await ana.post("/contacts", data={"name": f"Customer {n}"})
                await work(app)
                if days > 1:
                    clock.forward(days=1)
                    await work(app)

    for act in (
        lambda: deliver(NO),
        lambda: deliver(YES),
        lambda: deliver(NO, days=7),
        lambda: ana.put(f"{PAGE}/1", data={"is_on": "1", "events": ["contact.changed"]}),
        lambda: ana.delete(f"{PAGE}/1"),
    ):
        await assert_live_in_both_languages(app, mateo, PAGE, act, regions=("webhooks",))


async def test_the_log_follows_each_attempt(app: Starlette, ana: Client, mateo: Client, site: Site, hook: str) -> None:
    """Also those after the first, when nothing else of the webhook changes, and the one by hand."""
    await mateo_becomes_admin(app)
    site.answers["/hook"] = NO
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    with frozen() as clock:
        await work(app)
        for n in range(2, 11):
            clock.forward(hours=1)
            screen = await assert_live_equals_reload(app, mateo, PAGE, lambda: work(app), regions=("webhook-1-log",))
            log = screen.page.find("webhook-1-log")
            assert log is not None and ("Given up" if n == 10 else "On its way") in log.text()
        site.answers["/hook"] = YES
        again = lambda: ana.post(f"{PAGE}/1/deliveries/1")  # noqa: E731
        screen = await assert_live_equals_reload(app, mateo, PAGE, again, regions=("webhook-1-log",))
        screen = await assert_live_equals_reload(app, mateo, PAGE, lambda: work(app), regions=("webhook-1-log",))
    log = screen.page.find("webhook-1-log")
    assert log is not None and "Arrived" in log.text()
    assert [row.data["state"] for row in await make.facts(app, "webhook.tried")] == ["waiting"] * 9 + [
        "failed",
        "waiting",
        "done",
    ]


async def test_only_admins_hear_the_log(app: Starlette, mateo: Client, hook: str) -> None:
    owner, member = await make.person(app), await make.person(app, 2)
    async with app.state.database.transaction(read=True) as tx:
        assert await may_hear_webhooks(tx, owner, {"1", "2", "x"}) == {"1"}
        assert await may_hear_webhooks(tx, member, {"1", "2"}) == set()
