"""A page as a tree of its elements. Reads what our templates write, and refuses what is not whole."""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

VOID = {"meta", "link", "input", "br", "hr", "img", "use", "path", "circle", "rect", "ellipse"}
IGNORED = {"data-topics", "data-by", "nonce", "content", "selected"}  # heads move on; authorship only colours the flash
TOKEN = re.compile(
    r"""([^<]+)
    | <([a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*)>
    | </([a-zA-Z][^\s>]*)\s*>
    | <!(?:--.*?--|[^>-][^>]*)>""",
    re.DOTALL | re.VERBOSE,
)
NAME = re.compile(r"[^\s/]+")
ATTRIBUTE = re.compile(r"""([^\s"'=/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=]+)))?""")
VERBATIM = re.compile(r".*?(?=</(?:script|style)>)", re.DOTALL)

Said = tuple[tuple[str, str], ...]


@lru_cache(10_000)  # most are the same on every page
def _start(source: str) -> tuple[str, dict[str, str], Said]:
    """What stands between the brackets: the tag, its attributes, and those that two pages must have in common."""
    tag = NAME.match(source)[0]  # type: ignore[index]  # it begins with a letter
    attrs = {name.lower(): html.unescape("".join(value)) for name, *value in ATTRIBUTE.findall(source, len(tag))}
    return tag.lower(), attrs, tuple(sorted(item for item in attrs.items() if item[0] not in IGNORED))


class Node:
    __slots__ = ("attrs", "children", "said", "tag")

    def __init__(self, tag: str, attrs: dict[str, str], said: Said = ()) -> None:
        self.tag, self.attrs, self.said = tag, attrs, said
        self.children: list[Node | str] = []

    def walk(self) -> "Iterator[Node]":
        """In the order of the page."""
        waiting: list[Node] = [self]
        while waiting:
            yield (node := waiting.pop())
            waiting += [child for child in reversed(node.children) if isinstance(child, Node)]

    def find(self, id: str) -> "Node | None":
        return next((node for node in self.walk() if node.attrs.get("id") == id), None)

    def place(self, id: str) -> "tuple[list[Node | str], int] | None":
        """Where the element stands: among which others, and at which place."""
        target = self.find(id)
        around = next((node.children for node in self.walk() if target in node.children), None)
        return None if around is None or target is None else (around, around.index(target))

    def text(self) -> str:
        return " ".join(child if isinstance(child, str) else child.text() for child in self.children)

    def dump(self) -> Any:
        return self.tag, self.said, [c if isinstance(c, str) else c.dump() for c in self.children]

    def lines(self, depth: int = 0) -> list[str]:
        """So that a failing comparison shows the place."""
        found = [f"{'  ' * depth}<{self.tag} {self.said}>"]
        for child in self.children:
            found += [f"{'  ' * (depth + 1)}{child}"] if isinstance(child, str) else child.lines(depth + 1)
        return found


def parse(source: str) -> Node:
    root = Node("root", {})
    stack, at = [root], 0
    while at < len(source):
        token = TOKEN.match(source, at)
        assert token is not None, f"no HTML: {source[at : at + 80]}"
        at = token.end()
        text, start, end = token.groups()
        if text:
            if text := " ".join(html.unescape(text).split()):
                stack[-1].children.append(text)
        elif start:
            node = Node(*_start(start))
            stack[-1].children.append(node)
            if node.tag not in VOID and not start.endswith("/"):
                stack.append(node)
            if node.tag in ("script", "style") and (verbatim := VERBATIM.match(source, at)) is not None:
                node.children += verbatim[0].split()
                at = verbatim.end()
        elif end and end.lower() not in VOID:
            assert stack.pop().tag == end.lower(), f"</{end}> closes nothing: {source[max(0, at - 200) : at]}"
    assert len(stack) == 1, f"<{stack[-1].tag}> is not closed"
    return root
