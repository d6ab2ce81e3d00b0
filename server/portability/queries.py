"""Reads for the pages of an import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import load_only

from server.contacts.access import visible_contacts, whole
from server.contacts.bulk_import import Known, key_values, known_ids
from server.contacts.fields import CUSTOM
from server.contacts.forms import ListQuery
from server.contacts.listing import filtered
from server.contacts.models import Contact, CustomField
from server.contacts.queries import Fields, list_fields
from server.identity.models import User
from server.identity.queries import list_people, list_teams
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import JobRow
from server.kit.text import _, fold
from server.portability.access import visible_batches
from server.portability.mapping import NEW, Plan, missing_choices
from server.portability.models import ImportBatch, ImportFailure, ImportRow
from server.portability.rows import Refused, cell_text, parse_row
from server.portability.tables import Reading, Record

PREVIEWED = 20
LISTED = 100
LEFT_LISTED = 50
MOMENT = 3.0  # seconds: what took less has no speed worth a word


async def read_known(tx: Tx, who: Principal) -> Known:
    people = await list_people(tx, who)
    names = {fold(user.name): user.id for user in reversed(people)} | {user.email.lower(): user.id for user in people}
    teams = {fold(team.name): team.id for team in await list_teams(tx, who)}
    return Known(await list_fields(tx, who), names, teams)


def plan_of(batch: ImportBatch) -> Plan:
    columns, targets = batch.survey["columns"], list(batch.options["targets"])
    month_first = frozenset(n for n, column in enumerate(columns) if column["month_first"])
    headers = [column["header"] for column in columns]
    return Plan(batch.options["kind"], headers, targets, batch.options["key"], month_first)


def reading_of(batch: ImportBatch) -> Reading:
    return Reading(**batch.survey["reading"])


async def list_batches(tx: Tx, who: Principal) -> list[tuple[ImportBatch, str]]:
    """The newest imports and who made them."""
    found = visible_batches(who).add_columns(User.name).join(User, User.id == ImportBatch.creator_id)
    light = found.options(
        load_only(
            ImportBatch.name,
            ImportBatch.state,
            ImportBatch.created_at,
            ImportBatch.total,
            ImportBatch.created,
            ImportBatch.updated,
            ImportBatch.failed,
            raiseload=True,
        )
    )
    rows = await tx.execute(light.order_by(ImportBatch.id.desc()).limit(20))
    return [(batch, name) for batch, name in rows]


@dataclass(frozen=True, slots=True)
class Progress:
    """What the progress bar says. `share` in percent; `speed` in rows a second, 0 for a moment's work; `seconds` left,
    None when nobody can tell."""

    state: str
    share: int
    speed: int
    seconds: int | None


async def read_progress(tx: Tx, batch: ImportBatch) -> Progress:
    job = await tx.get(JobRow, batch.job_id) if batch.job_id else None
    state = "parked" if job and job.state == "parked" and batch.state in ("running", "undoing") else batch.state
    if batch.state == "undoing" and job:
        return Progress(state, _share(job.done, job.total), 0, None)
    until = batch.finished_at or now()
    taken = (until - batch.started_at).total_seconds() if batch.started_at else 0.0
    speed = (batch.position - batch.started_from) / taken if taken > 0.2 else 0.0
    left = round((batch.total - batch.position) / speed) if speed and state == "running" else None
    told = round(speed) if taken >= MOMENT else 0
    return Progress(state, _share(batch.position, batch.total), told, left)


def _share(done: int, total: int) -> int:
    return min(100, done * 100 // total) if total else 0


async def list_failures(tx: Tx, batch: ImportBatch, limit: int = LISTED) -> list[ImportFailure]:
    rows = select(ImportFailure).where(ImportFailure.batch_id == batch.id)
    return list(await tx.scalars(rows.order_by(ImportFailure.line, ImportFailure.id).limit(limit)))


async def failures_after(tx: Tx, batch_id: int, after: int, limit: int) -> list[ImportFailure]:
    """Rows that are not in: brought again, those that are would come twice."""
    rows = select(ImportFailure).where(ImportFailure.batch_id == batch_id, ImportFailure.id > after)
    rows = rows.where(ImportFailure.contact_id.is_(None))
    return list(await tx.scalars(rows.order_by(ImportFailure.id).limit(limit)))


async def list_left(tx: Tx, who: Principal, batch: ImportBatch) -> list[Contact]:
    """Records that undo left, because somebody changed them since."""
    left = select(ImportRow.contact_id).where(ImportRow.batch_id == batch.id, ImportRow.action == "left")
    found = visible_contacts(who).where(Contact.id.in_(left)).order_by(Contact.sort_name, Contact.id)
    return list(await tx.scalars(found.limit(LEFT_LISTED)))


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row as the mapping page shows it. `mark`: new | known | twice | flawed | wrong | blank; `note` says more."""

    line: int
    cells: list[str]
    mark: str
    note: str
    wrong: str = ""  # the column's header


async def preview(tx: Tx, who: Principal, batch: ImportBatch, records: Sequence[Record]) -> list[PreviewRow]:
    """The first rows, parsed by the plan and looked up in the workspace; later ones only tell what comes twice."""
    plan, known = _imagined(batch, plan_of(batch), await read_known(tx, who), who)
    parsed: list[tuple[Record, Any]] = []
    for record in records:
        try:
            parsed.append((record, parse_row(record, plan, known)))
        except Refused as error:
            parsed.append((record, error))
    keys = [key_values(plan.key, row.values) if plan.key and hasattr(row, "values") else [] for _record, row in parsed]
    there = (
        await known_ids(tx, who, plan.kind, plan.key, {key for some in keys[:PREVIEWED] for key in some})
        if plan.key
        else {}
    )
    lines: dict[str, list[int]] = {}
    for (record, _row), some in zip(parsed, keys, strict=True):
        for key in some:
            lines.setdefault(key, []).append(record.line)
    rows = list(zip(parsed[:PREVIEWED], keys, strict=False))
    return [_preview_row(record, row, some, there, lines, plan.column_of) for (record, row), some in rows]


def _imagined(batch: ImportBatch, plan: Plan, known: Known, who: Principal) -> tuple[Plan, Known]:
    """As if the new fields and choices were there already."""
    fields, targets = dict(known.fields), list(plan.targets)
    for n, (target, column) in enumerate(zip(plan.targets, batch.survey["columns"], strict=True)):
        if target.startswith(NEW):
            choices = column["choices"] or column["shown"]
            fields[f"+{n}"] = CustomField(key=f"+{n}", label=column["header"], kind=target[len(NEW) :], choices=choices)
            targets[n] = f"{CUSTOM}+{n}"
        elif who.is_at_least("admin") and (custom := fields.get(target.removeprefix(CUSTOM))) is not None:
            choices = [*custom.choices, *missing_choices(column, custom)]
            fields[custom.key] = CustomField(key=custom.key, label=custom.label, kind=custom.kind, choices=choices)
    return replace(plan, targets=targets), replace(known, fields=fields)


def _preview_row(
    record: Record,
    row: Any,
    keys: list[str],
    there: dict[str, list[int]],
    lines: dict[str, list[int]],
    column_of: Callable[[str], str],
) -> PreviewRow:
    cells = [cell_text(cell)[:80] for cell in record.cells]
    if isinstance(row, Refused):
        return PreviewRow(record.line, cells, "wrong", row.reason, row.column)
    if row is None:
        return PreviewRow(record.line, cells, "blank", _("Empty row"))
    matches = {id for key in keys for id in there.get(key, ())}
    if row.flaws:
        target, reason = row.flaws[0]
        return PreviewRow(
            record.line, cells, "flawed", _("Comes without one cell: %(why)s") % {"why": reason}, column_of(target)
        )
    if len(matches) > 1:
        return PreviewRow(record.line, cells, "wrong", _("Several records match"))
    if matches:
        return PreviewRow(record.line, cells, "known", _("Known here: will be brought up to date"))
    others = sorted({line for key in keys for line in lines[key]} - {record.line})
    if others:
        return PreviewRow(record.line, cells, "twice", _("The same as in row %(n)s") % {"n": others[0]})
    return PreviewRow(record.line, cells, "new", _("New record"))


def undo_until(batch: ImportBatch, days: int) -> bool:
    """Whether it can still be taken back."""
    return batch.started_at is not None and now() - batch.started_at < timedelta(days=days)


def exported(tx: Tx, who: Principal, query: ListQuery, fields: Fields, ids: Sequence[int]) -> Select[Any]:
    """The records of a list, or only these of it."""
    wanted = filtered(tx, who, query, fields)
    return wanted.where(Contact.id.in_(ids)) if ids else wanted


async def export_page(tx: Tx, who: Principal, wanted: Select[Any], after: int, limit: int) -> Sequence[Contact]:
    """The next few with company, owner and team, by number."""
    page = wanted.where(Contact.id > after).options(*whole(who)).order_by(Contact.id).limit(limit)
    return (await tx.scalars(page)).all()
