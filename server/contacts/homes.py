"""Customers' records as homes of calls."""

from collections.abc import Collection

from server.contacts.access import KINDS, get_record
from server.contacts.models import Contact
from server.contacts.queries import names_of
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.homes import Home, To, offers_homes


def home_of(record: Contact) -> Home:
    owner = (f"user:{record.owner_id}",) if record.owner_id else ()
    team = (f"team:{record.team_id}",) if record.team_id else ()
    return Home(record.about, record.name, record.url, owner + team, record.owner_id, record.team_id, record)


async def get_record_home(tx: Tx, who: Principal, about: str, to: To) -> Home:
    return home_of(await get_record(tx, who, about, to))


async def record_homes(tx: Tx, who: Principal, abouts: Collection[str]) -> dict[str, Home]:
    return {about: home_of(record) for about, record in (await names_of(tx, who, abouts)).items()}


offers_homes(KINDS, get_record_home, record_homes)
