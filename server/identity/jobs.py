"""Letters on their way."""

from server.kit.jobs import Work, job


@job("identity.send_letter")
async def send_letter(work: Work) -> None:
    """Sent once by all that is known: a crash between the server's yes and the next line sends it twice. Its words
    are forgotten then, because their link opens a door."""
    if work.args:
        await work.services.mailer.send(work.args["to"], work.args["subject"], work.args["text"])
        await work.forget()
