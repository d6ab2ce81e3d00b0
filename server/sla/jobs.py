"""What promises do as time passes: a warning before, escalation after; everything is counted again when they change."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.cases.access import WHOLE
from server.cases.actions import assign_case, change_case
from server.cases.models import PRIORITIES, Case
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import emit
from server.kit.jobs import Work, job, later
from server.sla import events as facts
from server.sla.models import SlaClock, SlaPolicy
from server.sla.winding import policies_of, wind

AT_ONCE = 100
OPEN = ("new", "open", "waiting", "snoozed")


@job("sla.tick", every=timedelta(minutes=1))
async def tick(work: Work) -> None:
    """Each case in a transaction of its own, its row locked first, as everybody does who writes to it."""
    runs, raised = SlaClock.done_at.is_(None), set[int]()
    for due in (
        (runs, SlaClock.warn_at <= now(), SlaClock.warned_at.is_(None)),
        (runs, SlaClock.due_at <= now(), SlaClock.breached_at.is_(None)),
    ):
        while case_ids := await _cases_with(work, *due):
            for case_id in case_ids:
                await _look_at(work, case_id, raised)


async def _cases_with(work: Work, *due: Any) -> list[int]:
    async with work.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(SlaClock.case_id).where(*due).distinct().limit(AT_ONCE)))


async def _look_at(work: Work, case_id: int, raised: set[int]) -> None:
    """`raised`: cases whose priority was raised in this round. Several promises that are broken at once, or that are
    only since it was raised, raise it no further."""
    async with work.database.transaction() as tx:
        found = select(Case).where(Case.id == case_id).options(*WHOLE).with_for_update(of=Case)
        case = (await tx.scalars(found)).one()
        held = await tx.scalars(select(SlaClock).where(SlaClock.case_id == case_id, SlaClock.done_at.is_(None)))
        for clock in list(held):
            if clock.warn_at is not None and clock.warn_at <= now() and clock.warned_at is None:
                clock.warned_at = now()
                if clock.due_at is not None and clock.due_at > now():
                    _tell(tx, case, clock, facts.SlaWarned)
            if clock.due_at is not None and clock.due_at <= now() and clock.breached_at is None:
                clock.breached_at = clock.due_at
                await _escalate(tx, case, clock, raised)
        case.version += 1


def _tell(
    tx: Tx, case: Case, clock: SlaClock, fact: type[facts.SlaWarned | facts.SlaBreached], also: int | None = None
) -> None:
    concerned = [f"user:{case.assignee_id}"] if case.assignee_id else [f"team:{case.team_id}"] if case.team_id else []
    concerned += [f"team:{also}"] if also else []
    due = clock.due_at.isoformat() if clock.due_at else ""
    emit(
        tx,
        system(case.workspace_id),
        fact(subject=case.ref, about=case.about, kind=clock.kind, due=due, concerned=concerned),
    )


async def _escalate(tx: Tx, case: Case, clock: SlaClock, raised: set[int]) -> None:
    """Told to who has it and to the team that the policy names, which gets the case when nobody has it."""
    who: Principal = system(case.workspace_id)
    policy = await tx.get(SlaPolicy, clock.policy_id) if clock.policy_id else None
    _tell(tx, case, clock, facts.SlaBreached, policy.escalate_team_id if policy else None)
    if policy is None:
        return
    if policy.escalate_team_id is not None and case.assignee_id is None:
        await assign_case(tx, who, case, None, policy.escalate_team_id)
    higher = PRIORITIES[PRIORITIES.index(case.priority) + 1 :][:1]
    # Where nothing of the kind is promised the clock would go, and with it that the promise was broken.
    may_rise = policy.raises and bool(higher) and case.id not in raised
    if may_rise and clock.kind in policy.targets.get(higher[0], {}):
        raised.add(case.id)
        await change_case(tx, who, case, "priority", higher[0])


@later("sla.changed")
async def recount(work: Work) -> None:
    """All open cases, a hundred at a time, after a policy or its hours changed."""
    last = 0
    while True:
        async with work.database.transaction() as tx:
            policies = await policies_of(tx, work.workspace_id)
            some = select(Case).where(Case.workspace_id == work.workspace_id, Case.status.in_(OPEN), Case.id > last)
            cases = list(
                await tx.scalars(some.order_by(Case.id).limit(AT_ONCE).options(*WHOLE).with_for_update(of=Case))
            )
            for case in cases:
                before = (case.due_at, case.due_plan)
                await wind(tx, case, policies, again=True)
                if before != (case.due_at, case.due_plan):
                    emit(tx, system(case.workspace_id), facts.SlaRecounted(subject=case.ref, about=case.about))
        if len(cases) < AT_ONCE:
            return
        last = cases[-1].id
