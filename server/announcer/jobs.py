"""What the announcer needs as time passes: sentences about a person that nobody deleted."""

import asyncio
from datetime import timedelta

from server.announcer.speech import sweep
from server.kit.clock import now
from server.kit.jobs import Work, job

HEARD = timedelta(minutes=30)  # longer than anything is said


@job("announcer.sweep", every=timedelta(minutes=30))
async def sweep_spoken(work: Work) -> None:
    folder = work.services.settings.data_dir / "speech"
    await asyncio.to_thread(sweep, folder, (now() - HEARD).timestamp())
