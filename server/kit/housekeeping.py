"""What the installation needs as time passes: old patches and keys go, and files that nothing names."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from server.kit.bulk import refresh_statistics
from server.kit.clock import now
from server.kit.files import HOLDERS
from server.kit.idempotency import prune_keys
from server.kit.jobs import Work, job
from server.kit.patches import prune_patches


@job("kit.prune", every=timedelta(minutes=30))
async def prune(work: Work) -> None:
    async with work.database.transaction() as tx:
        await prune_patches(tx, work.services.settings.patch_hours)
        await prune_keys(tx)
        if work.database.is_sqlite:  # PostgreSQL looks after its own statistics
            await refresh_statistics(tx)


SPARED = timedelta(days=1)  # an upload's bytes are on disk before its row is
AT_ONCE = 500


@job("kit.sweep_files", every=timedelta(hours=12))
async def sweep_files(work: Work) -> None:
    """Bytes whose row never came (a crash between the two) or went without them."""
    files = work.services.files
    old = await asyncio.to_thread(files.older_than, (now() - SPARED).timestamp())
    for start in range(0, len(old), AT_ONCE):
        keys = set(old[start : start + AT_ONCE])
        async with work.database.transaction(read=True) as tx:
            for column in HOLDERS:
                keys -= set(await tx.scalars(select(column).where(column.in_(keys))))
        for key in keys:
            await files.remove(key)
