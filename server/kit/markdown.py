"""Markdown of people → HTML that is safe to push into other people's browsers."""

import re
from collections.abc import Collection
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr", "span"}
MENTION = re.compile(r"(?<![\w@])@\[([^\]\n]{1,80})\]\(((?:user|team):[1-9][0-9]{0,17})\)")

MARKS = re.compile(r"^[ \t]*(?:[-*+>]|#{1,6}|\d{1,3}\.)[ \t]+|\*\*|~~|`", re.MULTILINE)


@cache
def _parser() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
        .enable("strikethrough")
        .disable("image")
    )


@lru_cache(maxsize=512)  # a page shows forty notes, mostly those of the page before
def markdown(source: str) -> Markup:
    """Mentions stand in the text as @[Ana Beltrán](user:5) and become a tinted name."""
    pieces: list[str] = []

    def keep(match: re.Match[str]) -> str:
        pieces.append(f'<span class="at" data-who-is="{escape(match[2])}">@{escape(match[1])}</span>')
        return f"\ue000{len(pieces) - 1}\ue001"

    stripped = source.replace("\ue000", "").replace("\ue001", "")
    html = _parser().render(MENTION.sub(keep, stripped))
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(re.sub(r"\ue000(\d+)\ue001", lambda match: pieces[int(match[1])], safe))


def mentioned(source: str) -> list[str]:
    """The addressees named in a text, each once, in order: ["user:5", "team:2"]."""
    return list(dict.fromkeys(match[2] for match in MENTION.finditer(source)))


def plain(source: str, limit: int = 140) -> str:
    """One line for lists and notices, without the signs of Markdown."""
    bare = MARKS.sub("", MENTION.sub(lambda match: "@" + match[1], source))
    line = re.sub(r"\s+", " ", bare).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def keep_known(source: str, known: Collection[str]) -> str:
    """Mentions of people who are not `known` become plain text."""
    return MENTION.sub(lambda match: match[0] if match[2] in known else "@" + match[1], source)
