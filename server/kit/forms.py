"""What people write at length, read the same everywhere."""

from server.kit.errors import Invalid
from server.kit.text import _, clean


def parse_text(raw: object, most: int, nothing: str) -> str:
    """Cleaned; refused when it is no text or longer than `most`, and with the sentence `nothing` when none is left."""
    if not isinstance(raw, str):
        raise Invalid(text=_("Text is expected here"))
    if not (text := clean(raw, most + 1)):
        raise Invalid(text=nothing)
    if len(text) > most:
        raise Invalid(text=_("At most %(n)s characters") % {"n": most})
    return text
