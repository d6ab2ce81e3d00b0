"""What somebody wrote themselves in a letter: without the quoted letter below and without the signature."""

import re
from functools import cache

from mailparser_reply import EmailReplyParser

LIMIT = 100_000  # characters that are looked through
# Gmail in Spanish breaks its line before the word: "El lun, 23 nov 2026 a las 10:12, Ana (<a@b.es>)\nescribió:"
SPANISH = re.compile(
    r"^(?:El|En|A|On) [^\n]{4,200}(?:\n[^\n>]{0,120})?\s(?:escribi[óo]|wrote|ha escrito)\s?:[ \t]*$", re.MULTILINE
)
FORWARDED = re.compile(
    r"^-{3,} ?(?:Forwarded message|Mensaje reenviado|Original Message|Mensaje original) ?-{3,}", re.MULTILINE
)


ABOVE = re.compile(  # Outlook puts the head of the letter it quotes under a line, or under these words
    r"^(?:_{10,}[ \t]*\n+|-{3,} ?(?:Original Message|Mensaje original) ?-{3,}[ \t]*\n+)?"
    r"[* ]*(?:De|From):[^\n]*\n[* ]*(?:Enviado(?: el)?|Fecha|Sent|Date):[^\n]*\n[* ]*(?:Para|To):"
    r"|^-{3,} ?(?:Original Message|Mensaje original) ?-{3,}",
    re.MULTILINE,
)
SENT_FROM = re.compile(r"\n(?:Enviado desde|Obtener|Sent from|Get) Outlook[^\n]*\s*\Z")
HEADER_LINE = re.compile(
    r"^[* ]*(?P<name>From|De|Sent|Enviado(?: el)?|Date|Fecha|To|Para|Cc|Subject|Asunto|Organization|Organizaci[óo]n)"
    r"(?P<colon>[* ]*:)",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r"^(?:[_-]{10,}|-{3,}.*-{3,})[ \t]*$")
LEAST = 3  # lines of a header block; a person may write one below the other whom and when
WRAPPED = 2  # lines that one header may go on for
HELD = "\u2060"  # before its colon it hides the line from the parser, which takes any "On … wrote:" for a head


@cache
def _parser() -> EmailReplyParser:
    return EmailReplyParser(languages=["en", "es"])


def _quotes(head: re.Match[str]) -> bool:
    """A mail program names the day or the address, or quotes below; a person may say that somebody wrote to them."""
    return bool(re.search(r"[0-9@]", head[0])) or head.string[head.end() :].lstrip().startswith(">")


def own_words(text: str) -> str:
    """The writer's own part of a plain text. When nothing would be left (a bare forward, answers between quoted
    lines), the whole text."""
    whole = text.replace("\r\n", "\n").strip()[:LIMIT]
    if FORWARDED.match(whole):
        return whole
    heads = (one for one in SPANISH.finditer(whole) if _quotes(one))
    starts = [one.start() for one in (next(heads, None), ABOVE.search(whole)) if one is not None and one.start() > 0]
    above = SENT_FROM.sub("", whole[: min(starts, default=LIMIT)])
    above = SPANISH.sub(lambda one: one[0] if _quotes(one) else one[0].rstrip()[:-1] + HELD + ":", above)
    replies = _parser().read(_with_own_headers(above)).replies
    own = replies[0].body.replace(HELD, "").strip() if replies else ""
    return own or whole


def _with_own_headers(text: str) -> str:
    """Lines such as "Para: …" and "Fecha: …" that are no head of a quoted letter are hidden from the parser, which
    takes any two of them for one."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        block = _block_at(lines, number)
        if block and not _is_head(lines, block):
            for one in block:
                lines[one] = HEADER_LINE.sub(_hold, lines[one])
        number = block[-1] + 1 if block else number + 1
    return "\n".join(lines)


def _hold(line: re.Match[str]) -> str:
    return f"{line[0][: line.start('colon')]}{HELD}{line['colon']}"


def _block_at(lines: list[str], start: int) -> list[int]:
    """Numbers of header lines that follow one another from here; a header may be wrapped."""
    block: list[int] = []
    number = start
    while number < len(lines) and number - (block[-1] if block else start) <= WRAPPED:
        if HEADER_LINE.match(lines[number]):
            block.append(number)
        elif not block or not lines[number].strip():
            break
        number += 1
    return block


def _is_head(lines: list[str], block: list[int]) -> bool:
    first = HEADER_LINE.match(lines[block[0]])
    begins = first is not None and first["name"].lower() in ("from", "de")
    above = next((line for line in reversed(lines[: block[0]]) if line.strip()), "")
    return len(block) >= LEAST and (begins or bool(SEPARATOR.match(above)))
