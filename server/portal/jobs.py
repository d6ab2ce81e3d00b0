"""What the customers' side does later: links under letters, and rows that nobody needs any more."""

from datetime import timedelta

from sqlalchemy import delete

from server.cases.jobs import FEET
from server.cases.models import Case
from server.kit.clock import now
from server.kit.jobs import Work, job
from server.kit.passes import Pass
from server.kit.text import _, language
from server.portal.actions import give_pass
from server.portal.models import PublicAct

KEPT = timedelta(days=2)


async def link_under(work: Work, case: Case) -> tuple[str, str]:
    """Each letter has a link of its own: tokens are stored hashed and cannot be told again."""
    speaks = case.contact.language if case.contact.language in ("en", "es") else language()
    async with work.database.transaction() as tx:
        token = await give_pass(tx, case, speaks)
    return _("Read and answer on a page of its own:"), f"{work.services.settings.url}/p/case/{token}"


FEET.append(link_under)


@job("portal.prune", every=timedelta(hours=12))
async def prune(work: Work) -> None:
    async with work.database.transaction() as tx:
        await tx.execute(delete(PublicAct).where(PublicAct.at < now() - KEPT))
        await tx.execute(delete(Pass).where(Pass.kind == "customer", Pass.expires_at < now() - KEPT))
