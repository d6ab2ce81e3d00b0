"""Cards of records that texts link to: asked for with one's own rights, named to nobody else."""

import httpx2 as httpx
from starlette.applications import Starlette

from tests import make

Client = httpx.AsyncClient


async def test_cards_name_what_the_reader_may_see(app: Starlette, ana: Client, mateo: Client) -> None:
    lucia = await make.contact(app, "Lucía Ferrer", title="Owner", company="Hoteles Almadraba")
    closed = await make.contact(app, "Zebracorn")
    await make.restrict(ana, closed.id, "user:1")
    about = f"/records/cards?about=contact:{lucia.id},contact:{closed.id},company:{lucia.company_id},contact:999"
    mine, his = (await ana.get(about)).text, (await mateo.get(about)).text
    assert "Zebracorn" in mine
    assert "Zebracorn" not in his
    assert f'data-card="contact:{closed.id}"' not in his
    for text in (mine, his):
        assert f'data-card="contact:{lucia.id}" href="/contacts/{lucia.id}"' in text
        assert "Owner · Hoteles Almadraba" in text
        assert f'data-card="company:{lucia.company_id}" href="/companies/{lucia.company_id}"' in text


async def test_a_closed_company_is_not_named_on_the_card_of_its_person(
    app: Starlette, ana: Client, mateo: Client
) -> None:
    lucia = await make.contact(app, "Lucía Ferrer", company="Zebracorn")
    await make.restrict(ana, lucia.company_id or 0, "user:1")
    card = (await mateo.get(f"/records/cards?about=contact:{lucia.id}")).text
    assert "Lucía Ferrer" in card
    assert "Zebracorn" not in card


async def test_odd_references_are_refused_and_many_are_cut(app: Starlette, ana: Client) -> None:
    assert (await ana.get("/records/cards?about=contact:x")).status_code == 404
    assert (await ana.get("/records/cards")).text.strip() == '<div id="record-cards"></div>'
    people = [(await make.contact(app, f"Person {n}")).about for n in range(21)]
    assert (await ana.get(f"/records/cards?about={','.join(people)}")).text.count("data-card") == 20
    with make.counted(app) as statements:
        await ana.get(f"/records/cards?about={','.join(people)}")
    assert len(statements) <= 3, "\n".join(statements)
