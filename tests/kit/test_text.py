"""Words, folding, Markdown, files, paging: pure rules as tables."""

import json
import re

import pytest

from server.kit.about import parse_about, to_id
from server.kit.errors import Invalid, NotFound
from server.kit.files import safe_name, sniff
from server.kit.markdown import as_text, keep_known, markdown, mentioned, plain
from server.kit.paging import Paging, decode_cursor, encode_cursor, page_number
from server.kit.text import fold, gettext, hue, initials, language_name, ngettext, one_line, pick_language, speaking
from server.kit.web import is_own_origin, parse_json
from tests.conftest import shared


@pytest.mark.parametrize(
    ("text", "folded"), [("Lucía Ferrer", "lucia ferrer"), ("STRASSE", "strasse"), ("Ñandú", "nandu")]
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Lucía \n Ferrer ", "Lucía Ferrer"),
        ("\u200b\u200d\ufeff", ""),  # zero width
        ("\u00ad", ""),  # soft hyphen
        ("\u202e\u2066", ""),  # turned round
        ("\u3164 \u2800\u115f", ""),  # letters and signs without a shape
        ("\ufe0f\u0301", ""),  # marks on nothing
        ("\x01\x7f", ""),
        ("\x01Casa\x9b\x1b[31m", "Casa[31m"),  # what a terminal would obey
        ("invoice\u202efdp", "invoicefdp"),
        ("\ufeffAc\u00adme\u200b", "Acme"),  # pasted along; two companies of one look otherwise
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200fשלום", "\u200fשלום"),
    ],
)
def test_a_name_is_seen_and_turns_nothing_round(typed: str, kept: str) -> None:
    assert one_line(typed, 80) == kept


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Lucía Ferrer", "LF"), ("Ana", "AN"), ("  ", "?"), ("José de la Cruz", "JC"), ("(x) y", "Y")],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_a_person_keeps_one_of_eight_colours() -> None:
    assert {hue(id) for id in range(100)} == set(range(1, 9))


def test_words_follow_the_reader() -> None:
    with speaking("es"):
        assert gettext("Live · up to date") == "En vivo · al día"
        assert ngettext("%(num)s record changed", "%(num)s records changed", 2) == "%(num)s fichas cambiadas"
    assert gettext("Live · up to date") == "Live · up to date"


@pytest.mark.parametrize(
    ("header", "language"), [("es-MX,es;q=0.9,en;q=0.8", "es"), ("fr,de", "en"), ("", "en"), ("en-GB", "en")]
)
def test_the_browser_s_language_is_picked(header: str, language: str) -> None:
    assert pick_language(header) == language


@pytest.mark.parametrize(
    ("source", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "<a"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](http://evil.example.org/p.png)", "<img"),
        ("<a hx-get=/x href=/y>z</a>", "<a hx"),
        ('@["><script>x</script>](user:5)', "<script"),
        ("[x](data:text/html;base64,AA)", 'href="data'),
    ],
)
def test_markdown_is_harmless(source: str, absent: str) -> None:
    assert absent not in markdown(source)


def test_every_known_attack_stays_text() -> None:
    for one in json.loads(shared("xss/payloads.json").read_text()):
        html = markdown(str(one["payload"])).lower()
        assert "<script" not in html
        assert "<img" not in html
        assert "<svg" not in html
        assert "<iframe" not in html


def test_mentions_are_found_once_and_shown() -> None:
    source = "@[Ana Beltrán](user:5) and @[Support](team:2), @[Ana Beltrán](user:5)"
    assert mentioned(source) == ["user:5", "team:2"]
    assert '<span class="at" data-who-is="user:5">@Ana Beltrán</span>' in markdown(source)
    assert keep_known(source, {"team:2"}).startswith("@Ana Beltrán and @[Support](team:2)")
    assert plain(source) == "@Ana Beltrán and @Support, @Ana Beltrán"


@pytest.mark.parametrize(
    "about",
    ["", "contact:", "contact:0", "contact:-1", "contact:1;drop", "CONTACT:1", "contact:1\n", None, "a:" + "9" * 30],
)
def test_what_is_no_reference_is_not_found(about: str | None) -> None:
    with pytest.raises(NotFound):
        parse_about(about)


@pytest.mark.parametrize("raw", [True, "1.0", "1e3", " 1", "-1", "0", None, "١"])
def test_what_is_no_number_is_refused(raw: object) -> None:
    with pytest.raises(Invalid):
        to_id(raw)


def test_cursors_go_round_and_refuse_others() -> None:
    assert decode_cursor(encode_cursor(41)) == 41
    for wrong in ("%%%", "abc", "YjE", "YTEyMzQ1Njc4OTAxMjM0NTY3ODkwMQ"):
        with pytest.raises(Invalid):
            decode_cursor(wrong)


def test_pages() -> None:
    assert (Paging(2, 120).first, Paging(2, 120).last, Paging(2, 120).pages) == (51, 100, 3)
    assert [page_number(text) for text in ("3", "0", "-1", "x", None, "9" * 20)] == [3, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ('a"b\r\nc.pdf', "abc.pdf"),
        ("C:\\x\\y.txt", "y.txt"),
        (None, "file"),
        ("...", "file"),
    ],
)
def test_file_names_are_safe_in_headers(name: str | None, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_first_bytes_decide_the_type() -> None:
    assert sniff(b"\x89PNG\r\n\x1a\nrest") == "image/png"
    assert sniff(b"<svg onload=alert(1)>") == "text/plain"
    assert sniff(b"\x00\x01") == "application/octet-stream"


def test_languages_have_names_in_the_reader_s_language() -> None:
    assert [language_name(code) for code in ("es", "pt-BR", "Klingon!", "")] == [
        "Spanish",
        "Portuguese",
        "Klingon!",
        "",
    ]
    with speaking("es"):
        assert language_name("en") == "Inglés"


@pytest.mark.parametrize("origin", ["http://evil.example.org", "null", "http://test.evil.org", "file://"])
def test_other_origins_are_not_ours(origin: str) -> None:
    assert not is_own_origin(origin, "test", "https://crm.example.org")
    assert is_own_origin("https://crm.example.org", "10.0.0.1", "https://crm.example.org/")


def test_json_is_strict() -> None:
    folder = shared("json_torture")
    for path in folder.glob("*.json"):
        if path.name.startswith("y_"):
            parse_json(path.read_bytes())
        elif path.name.startswith("n_"):
            with pytest.raises(Invalid):
                parse_json(path.read_bytes())


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ("see https://example.org/a_b?c=1&d=2, and", ["https://example.org/a_b?c=1&amp;d=2"]),
        ("(http://127.0.0.1:8000/contacts/7).", ["http://127.0.0.1:8000/contacts/7"]),
        ("/contacts/7 and /companies/3!", ["/contacts/7", "/companies/3"]),
        ("/contacts/7/trash x/contacts/7 /contacts/0 /settings", []),
        ("`https://example.org` and javascript:alert(1)", []),
        ("[here](https://a.example.org) https://b.example.org", ["https://a.example.org", "https://b.example.org"]),
        ('https://a.example.org/"onmouseover="x', ["https://a.example.org/"]),
    ],
)
def test_addresses_become_links(source: str, links: list[str]) -> None:
    assert re.findall(r'<a href="([^"]*)" rel="noopener noreferrer nofollow">', markdown(source)) == links
    assert str(markdown(source)).count("<a ") == len(links)


def test_lists_of_things_to_do_show_what_is_done() -> None:
    source = "- [ ] Call **Nuria**\n- [x] Send it\n- [X]\n- [x](https://example.org)\n- `[ ] code`\n\n[ ] no list\n\n1. [x] paid"
    shown = markdown(source)
    assert '<li><span class="tick">☐ </span>Call <strong>Nuria</strong></li>' in shown
    assert '<li><span class="tick">☑ </span>Send it</li>' in shown
    assert shown.count("tick") == 3
    assert "<p>[ ] no list</p>" in shown
    assert "- ☐ Call Nuria" in as_text(source)
    assert plain("- [ ] Call\n- [x] Send") == "Call Send"
    assert '<span class="tick">' not in markdown('<span class="tick">☐</span>')
