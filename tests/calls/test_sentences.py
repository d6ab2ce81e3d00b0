"""The sentences that people agree to: shown as they are kept, and each wording under a version of its own."""

import re
from hashlib import sha256

import pytest

from server.calls.sentences import sentence, shown_in
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES
from tests.calls.conftest import Client

KEPT = {
    "before-1": "24a6e85e7c8c",
    "asked-1": "a0558defb205",
    "line-1": "f709b8d59f1e",
}


@pytest.mark.parametrize(("name", "known"), KEPT.items())
def test_other_words_are_another_version(name: str, known: str) -> None:
    """What somebody said yes to is found again by its version."""
    words = [shown_in(name, language).words for language in LANGUAGES]
    assert words[0] != words[1], "in both languages"
    assert sha256("\n".join(words).encode()).hexdigest()[:12] == known, (
        "raise the version of a sentence that you change"
    )


@pytest.mark.parametrize(("name", "language"), [("asked-0", "en"), ("asked-1", "xx"), ("", "")])
def test_what_we_never_showed_is_no_yes(name: str, language: str) -> None:
    with pytest.raises(Invalid):
        shown_in(name, language)


async def test_pages_show_what_is_kept(ana: Client, call: str) -> None:
    page = (await ana.get(call)).text
    shown = re.findall(r'data-sentence="(.+?)" data-language="(..)">(.+?)<', page)
    assert {name for name, _language, _words in shown} == {"asked-1"}
    assert all(words == sentence(name) and language == "en" for name, language, words in shown)
