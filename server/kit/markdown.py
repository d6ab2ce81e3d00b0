"""Markdown of people → HTML that is safe to push into other people's browsers."""

import re
from collections.abc import Collection
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr", "span"}
MENTION = re.compile(r"(?<![\w@])@\[([^\]\n]{1,80})\]\(((?:user|team):[1-9][0-9]{0,17})\)")

ADDRESS = re.compile(r"https?://[^\s<>\"\ue000\ue001]+|(?<![\w/.:-])/(?:contacts|companies)/[1-9]\d{0,17}(?![\w/])")
TICKBOX = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
TICKS = {" ": "☐", "x": "☑", "X": "☑"}  # signs, not boxes: mail programs throw boxes away
AFTER_ADDRESS = ".,;:!?)]}'»”*_~"  # belongs to the sentence

APART = (  # blocks that an empty line stands before
    *("paragraph_open", "heading_open", "blockquote_open", "bullet_list_open", "ordered_list_open"),
    *("fence", "code_block", "hr"),
)
MARKS = re.compile(r"^[ \t]*(?:[-*+>]|#{1,6}|\d{1,3}\.)[ \t]+(?:\[[ xX]\][ \t]+)?|\*\*|~~|`", re.MULTILINE)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    parser.enable("strikethrough").disable("image").core.ruler.push("addresses", _link_addresses)
    parser.core.ruler.push("todos", _tick_todos)
    return parser


def _tick_todos(state: StateCore) -> None:
    """ "[ ]" and "[x]" at the beginning of a list's item are seen as open and done."""
    for item, _paragraph, block in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or not block.children:
            continue
        first = block.children[0]
        if first.type != "text" or not (match := TICKBOX.match(first.content)):
            continue
        first.content = first.content[match.end() :]
        sign = [Token("tick_open", "span", 1, attrs={"class": "tick"}), _text(TICKS[match[1]] + " ")]
        block.children[:0] = [*sign, Token("tick_close", "span", -1)]


def _link_addresses(state: StateCore) -> None:
    """Web addresses and paths of records become links where they stand as plain words."""
    for block in state.tokens:
        linked, depth = [], 0
        for token in block.children or ():
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            linked += _with_links(token) if token.type == "text" and not depth else [token]
        if block.children:
            block.children = linked


def _with_links(token: Token) -> list[Token]:
    made, end = [], 0
    for match in ADDRESS.finditer(token.content):
        address = match[0].rstrip(AFTER_ADDRESS)
        made += [_text(token.content[end : match.start()]), Token("link_open", "a", 1, attrs={"href": address})]
        made += [_text(address), Token("link_close", "a", -1)]
        end = match.start() + len(address)
    return [*made, _text(token.content[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


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
        allowed_classes={"span": {"tick"}},
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


def as_text(source: str) -> str:
    """What it says where nothing can be drawn: without the signs of Markdown, links as "words (address)", lists with
    their marks."""
    lines: list[str] = []
    indents: list[str] = []  # what stands before each line, from the outside in
    mark = ""  # of the list's item that has just begun
    for token in _parser().parse(MENTION.sub(lambda match: "@" + match[1], source)):
        is_in_list = any(not one.strip() for one in indents)
        if token.type in APART and lines and lines[-1].strip("> ") and not (token.hidden or is_in_list):
            lines.append("".join(indents).rstrip())
        if token.type == "blockquote_open":
            indents.append("> ")
        elif token.type == "list_item_open":
            mark = f"{token.info}{token.markup} "
            indents.append(" " * len(mark))
        elif token.type in ("blockquote_close", "list_item_close"):
            indents.pop()
            mark = ""
        elif token.type in ("inline", "fence", "code_block", "hr"):
            for line in _said(token).rstrip("\n").split("\n"):
                lines.append(("".join(indents[:-1]) + mark if mark else "".join(indents)) + line)
                mark = ""
    return "\n".join(lines)


def _said(token: Token) -> str:
    if token.type == "hr":
        return "---"
    if token.children is None:
        return token.content
    said, links = "", []
    for one in token.children:
        if one.type in ("text", "code_inline"):
            said += one.content
        elif one.type in ("softbreak", "hardbreak"):
            said += "\n"
        elif one.type == "link_open":
            links.append((str(one.attrs["href"]), len(said)))
        elif one.type == "link_close":
            address, begun = links.pop()
            said += "" if address in (said[begun:], f"mailto:{said[begun:]}") else f" ({address})"
    return said
