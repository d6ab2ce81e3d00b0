"""Letters that nobody here wrote: each is read without a crash, and as it says of itself."""

import json
from email.message import EmailMessage
from pathlib import Path
from time import process_time

import pytest

from server.channels.incoming import read_letter
from server.channels.markup import TAGS, harmless, text_of_html
from server.channels.quotes import own_words
from tests.conftest import SHARED, shared
from tests.tree import parse


def letters() -> list[Path]:
    found = [path for folder in ("email_stalwart", "email_mail") for path in (SHARED / folder).rglob("*.eml")]
    return sorted(found)


def test_every_letter_is_read() -> None:
    shared("email_stalwart"), shared("email_mail")
    assert len(letters()) > 200
    for path in letters():
        letter = read_letter(path.read_bytes())
        json.dumps([letter.subject, letter.text, letter.sender.name, own_words(letter.text), harmless(letter.html)])
        for text in (letter.subject, letter.text, *(file.name for file in letter.attachments)):
            text.encode("utf-8")  # no half characters that a database would refuse
            assert "\x00" not in text


def expected(name: str, header: str) -> object:
    """What the collection's own parser found in the first part."""
    for part in json.loads(shared(f"email_stalwart/eml/{name}.json").read_text())["parts"][:1]:
        for one in part["headers"]:
            if one["name"] == header:
                return one["value"]
    return None


def wellformed() -> list[str]:
    root = SHARED / "email_stalwart/eml"
    return [f"{folder}/{path.stem}" for folder in ("legacy", "rfc") for path in sorted((root / folder).glob("*.eml"))]


def test_senders_subjects_and_ids_are_those_that_others_read() -> None:
    shared("email_stalwart")
    compared = 0
    for name in wellformed():
        letter = read_letter(shared(f"email_stalwart/eml/{name}.eml").read_bytes())
        sender, subject, id = (expected(name, header) for header in ("from", "subject", "message_id"))
        if isinstance(sender, dict) and (people := sender.get("Address", {}).get("List")) and people[0]["address"]:
            assert letter.sender.address == people[0]["address"].lower(), name
            compared += 1
        if isinstance(subject, dict) and "\ufffd" not in subject.get("Text", "\ufffd"):  # it could not read those
            assert letter.subject == " ".join(subject["Text"].split())[:500], name
        if isinstance(id, dict) and "Text" in id and "@" in id["Text"] and " " not in id["Text"]:
            assert letter.message_id == f"<{id['Text']}>", name
    assert compared > 50


def test_replies_are_cut_to_what_their_writers_wrote() -> None:
    begins = {
        "email_1_1": "Hi folks",
        "email_1_3": "Oh thanks.",
        "email_1_4": "Awesome! I haven't had another problem with it.",
        "email_iPhone": "Here is another email",
        "email_BlackBerry": "Here is another email",
        "email_sent_from_my_not_signature": "Here is another email\n\nSent from my desk",
        "email_sig_delimiter_in_middle_of_line": "Hi there!",
    }
    for name, begin in begins.items():
        assert own_words(shared(f"email_reply/{name}.txt").read_text()).startswith(begin), name
    for name in ("email_long_quote", "pathological"):
        assert own_words(shared(f"email_reply/{name}.txt").read_text())


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Vale\n\nEl lun, 23 nov 2026 a las 10:12, Ana (<a@b.es>)\nescribió:\n\n> Hola", "Vale"),
        ("Vale\n\nDe: Ana <a@b.es>\nEnviado: lunes\nPara: Nuria\nAsunto: Re: agua\n\nHola", "Vale"),
        ("Sí.\n\n-- \nNuria Cabrales\nTel 600 000 000", "Sí."),
        ("Vale\n\nEnviado desde mi iPhone", "Vale"),
        ("Fine.\n\nOn Mon, Nov 23, 2026 at 10:12 AM Ana <a@b.es> wrote:\n> hi", "Fine."),
        ("> question?\nyes", "> question?\nyes"),
        (
            "Hola,\nEl lunes su técnico me escribió:\nque vendría hoy.",
            "Hola,\nEl lunes su técnico me escribió:\nque vendría hoy.",
        ),
        ("Hi,\nOn Monday your man wrote:\nhe comes today.", "Hi,\nOn Monday your man wrote:\nhe comes today."),
        ("Vale\n\nDe: Ana <a@b.es>\nEnviado el: lunes\nPara: Nuria\nAsunto: Re\n\nHola", "Vale"),
        ("Vale\n\n-----Mensaje original-----\nDe: Ana\n\nHola", "Vale"),
        (
            "Vale\n\nEnviado desde Outlook para Android<https://x>\n"
            + "_" * 32
            + "\nDe: A\nEnviado: lunes\nPara: N\n\nHola",
            "Vale",
        ),
    ],
)
def test_quotes_and_signatures_in_two_languages(text: str, own: str) -> None:
    assert own_words(text) == own


def test_parts_inside_parts_end() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    assert read_letter(b"From: a@b.example\nSubject: Deep\n" + deep).subject == "Deep"


def test_a_letter_of_html_alone_says_something() -> None:
    message = EmailMessage()
    message["From"] = "h@b.example"
    message.set_content("<style>p{}</style><p>Hello<br>there</p><script>x</script>", subtype="html")
    assert read_letter(message.as_bytes()).text == "Hello\nthere"


def test_markup_loses_what_could_do_something() -> None:
    sources = [one["payload"] for one in json.loads(shared("xss/payloads.json").read_text())]
    assert len(sources) > 50
    for source in sources:
        found = list(parse(harmless(source)).walk())
        assert {node.tag for node in found} <= TAGS | {"root"}, source
        attributes = {name: value or "" for node in found for name, value in node.attrs.items()}
        assert not {
            name for name in attributes if name.startswith(("on", "hx-", "data-")) or name in ("src", "id", "class")
        }
        assert not attributes.get("href", "").lower().startswith(("javascript:", "data:", "vbscript:"))
        assert "url(" not in attributes.get("style", "").lower()
        text_of_html(source)


@pytest.mark.parametrize(
    "source",
    [
        "<div>\r\n" * 25_000 + "Hello",
        "<br " * 48_600 + "<p>Hello",
        "<div></x>" * 20_000 + "Hello",
    ],
    ids=["nested", "unclosed", "stray"],
)
def test_a_small_letter_takes_no_long_time(source: str) -> None:
    message = EmailMessage()
    message["From"] = "h@b.example"
    message.set_content(source, subtype="html")
    began = process_time()
    letter = read_letter(message.as_bytes())
    harmless(letter.html)
    assert process_time() - began < 2, "each took many seconds"
    assert "Hello" in letter.text


def test_an_address_is_never_changed_into_another() -> None:
    raw = "From: Nandu <ñandu@cust.example>\nSubject: Hi\n\nHello"
    assert read_letter(raw.encode()).sender.address == "ñandu@cust.example"
    assert read_letter(raw.encode("latin-1")).sender.address == "ñandu@cust.example"
    assert read_letter(b"From: Nan <nandu\x00@cust.example>\n\nHello").sender.address == ""


@pytest.mark.parametrize(
    "own",
    [
        "¿Podéis traerlo?\n\nPara: Ana López, calle Mayor 5\nFecha: 3 de mayo",
        "Please send it:\n\nTo: 5 Main Street\nDate: Friday\n\nIt is urgent",
        "We moved.\n\nFrom: Calle Mayor\nTo: Gran Vía\n\nPlease take note",
        "Subject: the machine\nDate: since Monday\nOrganization: Brightwater\n\nIt leaks",
    ],
)
def test_lines_of_ones_own_that_look_like_headers_stay(own: str) -> None:
    assert own_words(own) == own


@pytest.mark.parametrize(
    "head",
    [
        "From: Ana <ana@x.example>\nSent: Monday\nTo: b@x.example\nSubject: Steam",
        "De: Ana <ana@x.example>\nPara: b@x.example,\n  c@x.example\nAsunto: Vapor",
        "________________________________\nTo: b@x.example\nDate: Monday\nSubject: Steam",
    ],
)
def test_the_head_of_a_quoted_letter_is_cut(head: str) -> None:
    assert own_words(f"It works again\n\n{head}\n\nWhat was written before").startswith("It works again")
    assert "written before" not in own_words(f"It works again\n\n{head}\n\nWhat was written before")
