"""Where cases stand on pages. The same patches go to other screens and answer whoever acted."""

from server.cases.copies import named_copies, offered_copies
from server.cases.models import Case
from server.cases.queries import cases_of
from server.cases.ways import handles_of, preferred_channel
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, fragment
from server.kit.pages import about_id, dom_id
from server.timeline.queries import draw

CHANGES_A_MESSAGE = ("case.withdrawn", "case.held", "case.leaving", "case.sent", "case.unsent")


def row_patch(case: Case, topic: str) -> Patch:
    return Patch(topic, dom_id("case", case.id, "row"), "replace", fragment("cases/_row.html", case=case))


def head_patch(case: Case) -> Patch:
    return Patch(case.topic, dom_id("case", case.id, "head"), "replace", fragment("cases/_head.html", case=case))


def page_patches(case: Case) -> list[Change]:
    """The head, the strip with whose turn it is, and the facts of the case's own page."""
    return [
        Patch(case.topic, dom_id("case", case.id, part), "replace", fragment(f"cases/_{part}.html", case=case))
        for part in ("head", "turn", "facts", "claim")
    ]


def copies_patch(case: Case) -> Patch:
    """In the composer: who else the next reply goes to."""
    shown = fragment("cases/_copies.html", case=case, copies=offered_copies(case), named=named_copies(case))
    return Patch(case.topic, dom_id("case", case.id, "copies"), "replace", shown)


async def line_patches(tx: Tx, who: Principal, case: Case, rows: list[EventRow]) -> list[Change]:
    """New lines at the end of the thread."""
    return [
        Patch(case.topic, dom_id("case", case.id, "thread"), "append", fragment("cases/_line.html", line=line))
        for line in await draw(tx, who, rows)
    ]


async def again_patches(tx: Tx, who: Principal, case: Case, rows: list[EventRow]) -> list[Change]:
    """Lines whose message changed, in the thread and in the record's stream."""
    lines = await draw(tx, who, rows)
    thread = [
        Patch(case.topic, f"case-event-{line.row.id}", "replace", fragment("cases/_line.html", line=line))
        for line in lines
    ]
    stream = [
        Patch(case.about, f"event-{line.row.id}", "replace", fragment("timeline/_line.html", line=line))
        for line in lines
    ]
    return [*thread, *stream]


async def record_patch(tx: Tx, who: Principal, about: str) -> Patch:
    """The list of cases on the record's page."""
    cases, preferred = await cases_of(tx, who, about), await preferred_channel(tx, who, about)
    handles = await handles_of(tx, who, about)
    shown = fragment("cases/_on_record.html", about=about, cases=cases, preferred=preferred, handles=handles)
    return Patch(about, about_id(about, "cases"), "replace", shown)
