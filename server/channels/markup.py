"""The HTML of letters: what it says as plain text, and a harmless copy of it for a frame without rights."""

import html
import re

import nh3

BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^>]*>", re.IGNORECASE)
SPACES = re.compile(r"[ \t\xa0\u200b]+")
LINES = re.compile(r"\n{3,}")
LIMIT = 400_000
TAGS = {
    "a", "b", "blockquote", "br", "caption", "center", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "hr", "i",
    "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
}  # fmt: skip
STYLES = {
    "background-color", "border", "color", "font-size", "font-style", "font-weight", "margin", "padding", "text-align",
    "text-decoration", "width",
}  # fmt: skip
ATTRIBUTES = {"*": {"style", "dir"}, "a": {"href"}, "img": {"alt", "width", "height"}, "td": {"colspan", "rowspan"}}


def text_of_html(source: str) -> str:
    """Line for line what a reader sees, without links and pictures."""
    if not source:
        return ""
    broken = BREAKS.sub("\n", source[:LIMIT])
    bare = html.unescape(nh3.clean(broken, tags=set(), clean_content_tags={"script", "style", "title", "head"}))
    lines = (SPACES.sub(" ", line).strip() for line in bare.split("\n"))
    return LINES.sub("\n\n", "\n".join(lines)).strip()


def harmless(source: str) -> str:
    """For a frame that may run and fetch nothing: no scripts, forms, ids, classes or pictures from elsewhere."""
    return nh3.clean(
        source[:LIMIT],
        tags=TAGS,
        attributes=ATTRIBUTES,
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
