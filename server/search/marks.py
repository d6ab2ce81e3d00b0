"""Which part of a title or a text was meant, without accents and case in the way."""

from collections.abc import Sequence

from server.kit.text import fold

BEFORE, SHOWN = 24, 160  # characters


def place(title: str, text: str, query: str) -> str:
    """Where the text has what the title does not show, from a few words before it; "" when there is nothing to add."""
    missing = [word for word in fold(query).split() if word not in fold(title)]
    if not missing or not text:
        return ""
    folded, places = _folded(text)
    found = folded.find(max(missing, key=len))
    if found < 0:
        return ""
    at = places[found]
    start = max(0, at - BEFORE)
    if start:
        start = text.find(" ", start, at) + 1 or start  # not in the middle of a word
    shown = text[start : start + SHOWN].rstrip()
    return ("…" if start else "") + shown + ("…" if start + SHOWN < len(text) else "")


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text folded, and where each of its letters stood."""
    if all(len(fold(char)) == 1 for char in set(text)):
        return fold(text), range(len(text))
    pieces = [fold(char) for char in text]
    return "".join(pieces), [i for i, piece in enumerate(pieces) for _ in piece]


def marked(title: str, query: str) -> list[tuple[str, bool]]:
    """The title in pieces; True for those that match a word of the query."""
    folded, places = _folded(title)
    hit = [False] * len(title)
    for word in fold(query).split():
        at = folded.find(word)
        while at >= 0:
            for i in places[at : at + len(word)]:
                hit[i] = True
            at = folded.find(word, at + len(word))
    pieces: list[tuple[str, bool]] = []
    for char, on in zip(title, hit, strict=True):
        if pieces and pieces[-1][1] == on:
            pieces[-1] = (pieces[-1][0] + char, on)
        else:
            pieces.append((char, on))
    return pieces
