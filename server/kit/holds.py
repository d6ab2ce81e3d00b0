"""What may not be erased yet: asked before the trash is emptied, told by whoever keeps something for legal reasons."""

from sqlalchemy import Select

_holds: list[Select[str]] = []


def holds(abouts: Select[str]) -> None:
    """Registers a query for the records ("contact:7") of which something is held."""
    _holds.append(abouts)


def held_abouts() -> list[Select[str]]:
    return list(_holds)
