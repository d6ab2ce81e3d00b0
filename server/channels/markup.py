"""The HTML of letters: what it says as plain text, and a harmless copy of it for a frame without rights."""

import html
import re
from urllib.parse import quote, unquote

import nh3

BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^<>]{0,500}>", re.IGNORECASE)
TAG = re.compile(r"<(/?)([a-z][^\s/>]*)", re.IGNORECASE)
ANY_TAG = re.compile(r"<[^<>]{0,500}>")
NEVER_OPEN = {"br", "hr", "img", "input", "link", "meta", "p", "li", "tr", "td", "th", "tbody"}  # hold no others inside
WORK = 2_000_000  # a large newsletter comes to a tenth of it
SPACES = re.compile(r"[ \t\xa0\u200b]+")
LINES = re.compile(r"\n{3,}")
LIMIT = 400_000
MARK = "#picture-"
PICTURE = re.compile(r'src="#picture-([^"]*)"')
TAGS = {
    "a", "b", "blockquote", "br", "caption", "center", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "hr", "i",
    "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
}  # fmt: skip
STYLES = {
    "background-color", "border", "color", "font-size", "font-style", "font-weight", "margin", "padding", "text-align",
    "text-decoration", "width",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"style", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
}


def is_tangled(source: str) -> bool:
    """Whether so much stands open inside one another that reading it takes time with the square of its length: each
    tag counts with all that are open around it."""
    opened: dict[str, int] = {}
    depth = work = 0
    for tag in TAG.finditer(source):
        name = tag[2].lower()
        if tag[1] and opened.get(name):
            opened[name] -= 1
            depth -= 1
        elif not tag[1] and name not in NEVER_OPEN:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
        work += depth
        if work > WORK:
            return True
    return False


def text_of_html(source: str) -> str:
    """Line for line what a reader sees, without links and pictures."""
    if not source:
        return ""
    broken = BREAKS.sub("\n", source[:LIMIT])
    if is_tangled(broken):
        bare = html.unescape(ANY_TAG.sub(" ", broken))
    else:
        bare = html.unescape(nh3.clean(broken, tags=set(), clean_content_tags={"script", "style", "title", "head"}))
    lines = (SPACES.sub(" ", line).strip() for line in bare.split("\n"))
    return LINES.sub("\n\n", "\n".join(lines)).strip()


def harmless(source: str) -> str:
    """For a frame that may run and fetch nothing: no scripts, forms, ids or classes. Of a picture only its name is
    kept, behind a mark that no browser follows, until `with_pictures` puts one in its place. Nothing of what nobody
    writes by hand or program (`is_tangled`): its text has to do."""
    if is_tangled(source[:LIMIT]):
        return ""
    return nh3.clean(
        source[:LIMIT],
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src"):
        address = value.strip()
        known = address.lower().startswith(("cid:", "http://", "https://")) and len(address) < 2000
        return f"{MARK}{quote(address, safe='')}" if known else None
    if (tag, name) == ("a", "href") and value.strip().lower().startswith("cid:"):
        return None
    return value


def pictures_in(clean: str) -> tuple[set[str], list[str]]:
    """(names of those that came along, addresses of those elsewhere, each once)."""
    names = [unquote(one) for one in PICTURE.findall(clean)]
    inside = {name[4:] for name in names if name.lower().startswith("cid:")}
    return inside, list(dict.fromkeys(name for name in names if not name.lower().startswith("cid:")))


def with_pictures(clean: str, pictures: dict[str, str]) -> str:
    """Pictures by their name ("cid:…" or an address) in place of the marks; those that are not there are left out."""

    def put(match: re.Match[str]) -> str:
        name = unquote(match[1])
        found = pictures.get(f"cid:{name[4:]}" if name.lower().startswith("cid:") else name, "")
        return f'src="{found}"' if found else ""

    return PICTURE.sub(put, clean)
