"""Cards as phones and mail programs write them: every one comes in with name, mails and phones."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.portability.tables import find_encoding
from server.portability.vcards import COLUMNS, read_cards
from tests.conftest import shared
from tests.portability.conftest import Client, bring, contacts, counts, failures

FILES = [
    *sorted(
        f"io/text/{name}.vcf"
        for name in [
            "John_Doe_ANDROID",
            "John_Doe_BLACK_BERRY",
            "John_Doe_EVOLUTION",
            "John_Doe_GMAIL",
            "John_Doe_IPHONE",
            "John_Doe_LOTUS_NOTES",
            "John_Doe_MAC_ADDRESS_BOOK",
            "John_Doe_MS_OUTLOOK",
            "fullcontact",
            "gmail-list",
            "gmail-single",
            "gmail-single2",
            "outlook-2003",
            "outlook-2007",
            "rfc2426-example",
            "rfc6350-example",
            "thunderbird-MoreFunctionsForAddressBook-extension",
        ]
    ),
    "issue/issue114.vcf",
]


@pytest.mark.parametrize("name", FILES)
async def test_every_card_comes_in(app: Starlette, ana: Client, name: str) -> None:
    path = shared(f"vcard/{name}")
    raw = path.read_text("utf-8", "replace")
    batch = await bring(app, ana, path, path.name)
    assert batch.created == len(re.findall(r"(?im)^BEGIN:VCARD", raw))
    assert await failures(app, batch) == []
    people = await contacts(app)
    everything = " ".join(
        " ".join([one.name, *(p["value"] for p in one.emails + one.phones), *map(str, one.custom.values())])
        for one in people
    )
    for mail in re.findall(r"(?m)^(?:item\d\.)?EMAIL[^:\n]*:(\S+@\S+)", raw):
        assert mail.strip() in everything
    for phone in re.findall(r"(?m)^(?:item\d\.)?TEL[^:\n]*:(?:tel:)?([^\r\n;]+)", raw):
        assert phone.strip() in everything


def test_the_first_cells(tmp_path: Path) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Ib=C3=A1=C3=B1ez;Carmen;;;\r\n"
        "TEL;CELL;PREF:+34 600 000 131\r\nEMAIL;INTERNET:carmen@faro.example.org\r\nORG:Faro\\; Hijos;Tienda\r\n"
        "ADR;HOME:;;C/ Mayor\\, 3;Cádiz;;11001;España\r\nBDAY:19800521\r\nCATEGORIES:vip,libros\r\nEND:VCARD\r\n"
    )
    (card,) = read_cards(path, find_encoding(path))
    assert dict(zip(COLUMNS, card.cells, strict=True)) == {
        "Name": "Carmen Ibáñez",
        "E-mail": [{"value": "carmen@faro.example.org", "label": ""}],
        "Phone": [{"value": "+34 600 000 131", "label": "cell"}],
        "Role": "",
        "Company": "Faro; Hijos",
        "Address": [{"value": "C/ Mayor, 3, Cádiz, 11001, España", "label": "home"}],
        "Tags": ["vip", "libros"],
        "Website": "",
        "Birthday": "1980-05-21",
        "Note": "",
    }


async def test_broken_cards_are_listed_and_the_rest_kept(app: Starlette, ana: Client) -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Never ends\n"
        "BEGIN:VCARD\nVERSION:3.0\nFN:Good\nEMAIL:good@example.org\nX-ODD;;=:\nPHOTO;ENCODING=b:AAAA\n BBBB=====\nEND:VCARD\n"
        "rubbish between\n"
        "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:4.0\nFN:Also good\nTEL;VALUE=uri:tel:+34-600-000-131\nEND:VCARD\n"
    )
    batch = await bring(app, ana, text, "x.vcf")
    assert counts(batch) == (2, 0, 1, 1)
    assert [one.name for one in await contacts(app)] == ["Good", "Also good"]
    assert [line for line, _column, _reason in await failures(app, batch)] == [1]


async def test_cards_update_records(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,email\nCarmen,carmen@faro.example.org\n")
    text = "BEGIN:VCARD\nVERSION:3.0\nFN:Carmen Ibáñez\nEMAIL;TYPE=work:Carmen@faro.example.org\nTITLE:Librera\nEND:VCARD\n"
    assert counts(await bring(app, ana, text, "x.vcf")) == (0, 1, 0, 0)
    assert (await contacts(app))[0].title == "Librera"
