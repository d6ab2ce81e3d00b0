"""Work on the bytes of files, outside any transaction."""

from server.kit.jobs import Work, job


@job("timeline.remove_files")
async def remove_files(work: Work) -> None:
    """The record is erased; twice does no harm."""
    for key in work.args["keys"]:
        await work.services.files.remove(key)
