"""What somebody wrote themselves in a letter: without the quoted letter below and without the signature."""

import re
from functools import cache

from mailparser_reply import EmailReplyParser

LIMIT = 100_000  # characters that are looked through
# Gmail in Spanish breaks its line before the word: "El lun, 23 nov 2026 a las 10:12, Ana (<a@b.es>)\nescribió:"
SPANISH = re.compile(
    r"^(?:El|En|A) [^\n]{4,200}(?:\n[^\n>]{0,120})?\s(?:escribi[óo]|wrote|ha escrito)\s?:[ \t]*$", re.MULTILINE
)
FORWARDED = re.compile(
    r"^-{3,} ?(?:Forwarded message|Mensaje reenviado|Original Message|Mensaje original) ?-{3,}", re.MULTILINE
)


@cache
def _parser() -> EmailReplyParser:
    return EmailReplyParser(languages=["en", "es"])


def own_words(text: str) -> str:
    """The writer's own part of a plain text. When nothing would be left (a bare forward, answers between quoted
    lines), the whole text."""
    whole = text.replace("\r\n", "\n").strip()[:LIMIT]
    above = whole
    if (header := SPANISH.search(whole)) is not None and header.start() > 0:
        above = whole[: header.start()]
    if FORWARDED.match(above):
        return whole
    replies = _parser().read(above).replies
    own = replies[0].body.strip() if replies else ""
    return own or whole
