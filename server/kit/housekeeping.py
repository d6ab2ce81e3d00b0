"""What the installation needs as time passes: old patches and keys go."""

from datetime import timedelta

from server.kit.bulk import refresh_statistics
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
