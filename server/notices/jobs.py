"""Keeps the list short: the newest two hundred of each person."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from server.kit.jobs import Work, job
from server.notices.models import Notice

KEPT = 200


@job("notices.prune", every=timedelta(hours=6))
async def prune(work: Work) -> None:
    async with work.database.transaction() as tx:
        place = func.row_number().over(partition_by=Notice.user_id, order_by=Notice.id.desc()).label("place")
        ranked = select(Notice.id, place).subquery()
        old = select(ranked.c.id).where(ranked.c.place > KEPT)
        await tx.execute(delete(Notice).where(Notice.id.in_(old)))
