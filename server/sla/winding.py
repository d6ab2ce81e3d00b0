"""Sets the clocks of a case by what the case says now: called after whatever happens to it, so that nothing that
happened is forgotten and nothing counts twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from server.cases.access import WHOLE
from server.cases.models import OURS, Case
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.text import fold
from server.sla import clocks
from server.sla.access import visible_policies
from server.sla.models import KINDS, SlaClock, SlaPolicy

RUNS = (*OURS, "snoozed")  # the customer waits for us


def fits(policy: SlaPolicy, case: Case) -> bool:
    company = case.contact.company
    tags = {fold(tag) for tag in (*case.contact.tags, *(company.tags if company else ()))}
    return (not policy.tag or fold(policy.tag) in tags) and policy.team_id in (None, case.team_id)


async def load_case(tx: Tx, workspace_id: int, case_id: int) -> Case | None:
    found = select(Case).where(Case.id == case_id, Case.workspace_id == workspace_id).options(*WHOLE)
    case: Case | None = await tx.scalar(found)
    return case


async def policies_of(tx: Tx, workspace_id: int) -> list[SlaPolicy]:
    """Read once a transaction: a batch of letters asks for them with each."""
    known: dict[int, list[SlaPolicy]] = tx.info.setdefault("sla_policies", {})
    if workspace_id not in known:
        asked = visible_policies(system(workspace_id)).order_by(SlaPolicy.place, SlaPolicy.id)
        known[workspace_id] = list(await tx.scalars(asked))
    return known[workspace_id]


async def clocks_of(tx: Tx, case_id: int) -> dict[str, SlaClock]:
    """The newest of each kind."""
    rows = await tx.scalars(select(SlaClock).where(SlaClock.case_id == case_id).order_by(SlaClock.id))
    return {clock.kind: clock for clock in rows}


async def wind(tx: Tx, case: Case, policies: Sequence[SlaPolicy], *, again: bool = False) -> None:
    """`again`: what is promised has changed, so that everything that runs is counted anew."""
    held = await clocks_of(tx, case.id)
    if case.merged_into_id is not None:
        await tx.execute(delete(SlaClock).where(SlaClock.case_id == case.id, SlaClock.done_at.is_(None)))
        return _say(case, [], None)
    policy = next((one for one in policies if fits(one, case)), None)
    if policy is None and not held:
        return
    winder = Winder(tx, case, policy, again, now())
    for kind in KINDS:
        if (clock := await winder.wind(kind, held.get(kind))) is not None:
            held[kind] = clock
        else:
            held.pop(kind, None)
    _say(case, list(held.values()), policy)


def _say(case: Case, held: list[SlaClock], policy: SlaPolicy | None) -> None:
    """On the case stands what is due first, so that lists need no other table."""
    running = [clock for clock in held if clock.due_at is not None and clock.done_at is None]
    first = min(running, key=lambda clock: (clock.due_at, KINDS.index(clock.kind)), default=None)
    said = (
        (first.due_at, first.kind, first.resumed_at, policy.name if policy else "") if first else (None, "", None, "")
    )
    if said != (case.due_at, case.due_kind, case.due_from, case.due_plan):
        case.due_at, case.due_kind, case.due_from, case.due_plan = said
        case.version += 1


@dataclass(slots=True)
class Winder:
    tx: Tx
    case: Case
    policy: SlaPolicy | None
    again: bool
    at: datetime

    async def wind(self, kind: str, clock: SlaClock | None) -> SlaClock | None:
        target = self.policy.targets.get(self.case.priority, {}).get(kind) if self.policy else None
        if clock is not None and clock.done_at is None:
            if target is None:
                await self.tx.delete(clock)
                return None
            self._aim(clock, target)
        begins = self._begins(kind)
        if kind == "solution":
            return self._solve(clock, target, begins)
        return self._answer(kind, clock, target, begins)

    def _begins(self, kind: str) -> datetime | None:
        """Since when the customer waits for this; None when they do not."""
        case = self.case
        if case.is_over:
            return None
        if kind == "solution":
            return case.created_at
        return case.asked_at if (case.answered_at is None) == (kind == "first") else None

    def _aim(self, clock: SlaClock, target: int) -> None:
        policy = self.policy
        if policy is not None and (self.again or target != clock.target or clock.policy_id != policy.id):
            clock.policy_id = policy.id
            clocks.aim(clock, target, policy.calendar.calendar, policy.warn)
            clocks.forgive(clock, self.at)

    def _answer(
        self, kind: str, clock: SlaClock | None, target: int | None, begins: datetime | None
    ) -> SlaClock | None:
        if begins is None:
            if clock is not None and clock.done_at is None and self.policy is not None:
                answered = self.case.answered_at if kind == "first" else None
                clocks.finish(clock, answered or self.at, self.policy.calendar.calendar)
            return clock
        if clock is not None and clock.started_at == begins:  # it runs, or its answer was taken back
            if clock.done_at is not None and self.policy is not None:
                clocks.start(clock, begins, self.policy.calendar.calendar, self.policy.warn)
            return clock
        if clock is not None and clock.done_at is None and self.policy is not None:  # another message is the oldest now
            clocks.start(clock, begins, self.policy.calendar.calendar, self.policy.warn)
            return clock
        if clock is not None and kind == "first" and self.policy is not None:
            clocks.start(clock, clock.started_at, self.policy.calendar.calendar, self.policy.warn)
            return clock
        return self._new(kind, target, begins) or clock

    def _solve(self, clock: SlaClock | None, target: int | None, begins: datetime | None) -> SlaClock | None:
        if self.policy is None:
            return clock
        calendar = self.policy.calendar.calendar
        if clock is None:
            clock = self._new("solution", target, begins)
        if clock is None:
            return None
        if begins is None:
            if clock.done_at is None:
                clocks.finish(clock, self.case.solved_at or self.at, calendar)
        elif self.case.status in RUNS and clock.resumed_at is None:
            clocks.run(clock, self.at, calendar, self.policy.warn)
        elif self.case.status not in RUNS:
            clock.done_at = None
            clocks.hold(clock, self.at, calendar)
        return clock

    def _new(self, kind: str, target: int | None, begins: datetime | None) -> SlaClock | None:
        if self.policy is None or target is None or begins is None:
            return None
        clock = SlaClock(
            workspace_id=self.case.workspace_id,
            case_id=self.case.id,
            policy_id=self.policy.id,
            kind=kind,
            target=target,
        )
        clocks.start(clock, begins, self.policy.calendar.calendar, self.policy.warn)
        self.tx.add(clock)
        return clock
