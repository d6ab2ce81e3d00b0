"""Why a letter of ours did not arrive: a word is stored, and its sentence drawn in the language of whoever reads it."""

from collections.abc import Sequence

from server.kit.outbound import sentence
from server.kit.text import _

RETURNED = "returned:"  # and the status of the report that says so


def unreached(addresses: Sequence[str], word: str) -> str:
    """Of somebody in copy: the word, and whom it is about. Several such stand on lines of their own."""
    return " ".join((word, *addresses))


def why_unsent(problem: str) -> str:
    return ". ".join(_said(one) for one in problem.splitlines())


def _said(line: str) -> str:
    """What is no word of ours stands as it is."""
    word, *addresses = line.split(" ")
    why = _returned(word.removeprefix(RETURNED)) if word.startswith(RETURNED) else _here(word) or sentence(word)
    if not why:
        return line
    told = {"addresses": ", ".join(addresses), "why": why}
    return _("Did not reach %(addresses)s: %(why)s") % told if addresses else why


def _here(word: str) -> str:
    return {
        "no_address": _("The record has no e-mail address"),
        "no_sender": _("The workspace has no address to write from"),
        "no_server": _("No mail server is set up. Ask your administrator for SMTP_URL"),
        "unwritable": _("This address cannot be written to"),
        "not_taken": _("The mail server did not take it"),
        "gave_up": _("Something went wrong here. Your administrator sees what it was in the job’s row"),
    }.get(word, "")


def _returned(status: str) -> str:
    """In our own words, never those of the other server."""
    detail = status.partition(".")[2]
    if detail.startswith("1."):
        return _("There is no such address")
    return {
        "2.1": _("The mailbox takes no mail"),
        "2.2": _("The mailbox is full"),
        "2.3": _("The letter is too large for them"),
        "3.4": _("The letter is too large for them"),
        "4.1": _("Their server cannot be reached"),
        "4.4": _("Their server cannot be reached"),
        "4.7": _("Their server cannot be reached"),
    }.get(detail, _("Their server refuses our letters") if detail.startswith("7.") else _("It was sent back"))
