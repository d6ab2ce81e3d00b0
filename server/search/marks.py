"""Which part of a title was meant, without accents and case in the way."""

from server.kit.text import fold


def marked(title: str, query: str) -> list[tuple[str, bool]]:
    """The title in pieces; True for those that match a word of the query."""
    folded, places = "", []
    for i, char in enumerate(title):
        plain = fold(char)
        folded += plain
        places += [i] * len(plain)
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
