"""From a committed fact to fragments on topics. Rendered once per audience and language, never per person."""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.kit.access import Principal, is_closed
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.pages import render
from server.kit.text import speaking


@dataclass(frozen=True, slots=True)
class Fragment:
    """A template and what it needs; rendered later, once per language."""

    template: str
    inputs: dict[str, Any]


def fragment(template: str, **inputs: Any) -> Fragment:
    return Fragment(template, inputs)


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes one element on every screen that shows `topic`. `swap`: replace | append | prepend | remove."""

    topic: str
    target: str
    swap: str
    content: Fragment | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Asks each screen of `topic` to fetch these regions again, with its own reader's rights."""

    topic: str
    regions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recheck:
    """The rights on `topic` (or of the user, "user:5") changed: everyone listening is asked again."""

    topic: str


@dataclass(frozen=True, slots=True)
class Untold:
    """Programs on `topic` hear that something changed, not what: they may not see what the fact is about."""

    topic: str


Change = Patch | Refresh | Recheck | Untold
Renderer = Callable[[Tx, EventRow], Awaitable[Sequence[Change]]]
RENDERERS: dict[str, list[Renderer]] = {}
ANY = "*"  # a renderer of every loud fact, such as the timeline
SILENT: dict[str, str] = {}  # fact → why no screen shows it
SWAPS = {"replace": "outerMorph", "append": "beforeend", "prepend": "afterbegin", "remove": "delete"}


def shows(*names: str) -> Callable[[Renderer], Renderer]:
    """Says what a fact changes on screens. Several domains may show the same fact."""

    def register(renderer: Renderer) -> Renderer:
        for name in names:
            RENDERERS.setdefault(name, []).append(renderer)
        return renderer

    return register


def silent(name: str, why: str) -> None:
    SILENT[name] = why


Lines = Callable[[Tx, Principal, list[EventRow]], Awaitable[dict[int, dict[str, Any]]]]
LINES: dict[str, tuple[Lines, str]] = {}


def lines(*names: str, template: str) -> Callable[[Lines], Lines]:
    """Registers how facts read in the timeline: a loader (one query for all rows of a page, keyed by event id;
    a row missing from the answer is not shown) and a template with one macro per fact, named after it with
    "_" for "."."""

    def register(load: Lines) -> Lines:
        for name in names:
            LINES[name] = (load, template)
        return load

    return register


async def changes_of(tx: Tx, row: EventRow) -> dict[str, list[Change]]:
    """What the fact changes now, by topic, in the order its renderers say. Quiet facts change nothing."""
    by_topic: dict[str, list[Change]] = {}
    if not row.quiet:
        for renderer in (*RENDERERS.get(row.name, ()), *RENDERERS.get(ANY, ())):
            for change in await renderer(tx, row):
                by_topic.setdefault(change.topic, []).append(change)
    for topic, changes in by_topic.items():
        if not await _may_tell(tx, row, topic):
            changes.append(Untold(topic))
    return by_topic


async def _may_tell(tx: Tx, row: EventRow, topic: str) -> bool:
    """Whether all who listen may see what the fact is about. Who hears a record, a case or somebody's own topic was let
    in to that and to nothing else; a list is everybody's, a closed record is not."""
    kind, _colon, rest = topic.partition(":")
    id = rest.partition(":")[0]
    match kind:
        case "user":
            return topic == row.subject
        case "case":
            return row.subject in (f"case:{id}", f"side:{id}")
        case "contact" | "company":
            return topic in (row.about, row.subject)
    is_list = id == str(row.workspace_id) and row.about is not None
    return not is_list or not await is_closed(tx, row.about or "")


@dataclass(frozen=True, slots=True)
class Rendered:
    kind: str
    bodies: dict[str, bytes]
    recheck: bool


def render_changes(row: EventRow, changes: list[Change], variants: Collection[str]) -> Rendered:
    """One topic's part of a fact as frame bodies, one per variant (see docs/live-protocol.md)."""
    patches = [change for change in changes if isinstance(change, Patch)]
    regions = sorted({region for change in changes if isinstance(change, Refresh) for region in change.regions})
    bodies = {}
    for variant in variants:
        members: dict[str, Any] = {}
        if variant == "json":
            is_told = not any(isinstance(change, Untold) for change in changes)
            members |= {"event": event_json(row)} if is_told else {"regions": regions}
        else:
            with speaking(variant):
                members["html"] = partials(patches)
            if regions:
                members["regions"] = regions
        bodies[variant] = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
    kind = "r" if regions and not patches else "p"
    return Rendered(kind, bodies, any(isinstance(change, Recheck) for change in changes))


def _markup(patch: Patch) -> str:
    inner = render(patch.content.template, **patch.content.inputs) if patch.content else ""
    return f'<hx-partial hx-target="#{patch.target}" hx-swap="{SWAPS[patch.swap]}">{inner}</hx-partial>'


def partials(changes: Iterable[Change]) -> str:
    """The same markup as the answer to whoever acted, so that their page need not wait for the relay."""
    return "".join(_markup(change) for change in changes if isinstance(change, Patch))


def event_json(row: EventRow) -> dict[str, Any]:
    """A fact as API clients and webhooks read it."""
    return {
        "position": row.position,
        "name": row.name,
        "subject": row.subject,
        "about": row.about,
        "actor": row.actor_id,
        "via": row.via,
        "at": row.at.isoformat(),
        "data": row.data,
    }
