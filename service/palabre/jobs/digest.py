"""One mail to one moderator, of all that has come to wait on a site since the last."""

from __future__ import annotations

from palabre.actions import digests
from palabre.jobs.outcome import GiveUp
from palabre.service import Service
from palabre.store.jobs import Job


async def digest(service: Service, job: Job) -> None:
    """Tell a moderator of what waits. Nothing to tell is done too: it has been decided meanwhile.

    Raises GiveUp where no mail can be sent at all, and what `smtp.send` raises.
    """
    found = await digests.of(service, job.site_id, str(job.subject["moderator"]))
    if found is None:
        return
    relay, sender = service.settings.relay, service.settings.sender
    if relay is None or sender is None:
        raise GiveUp("PALABRE_SMTP_URL and PALABRE_MAIL_FROM have to be set before mail can go")
    # A process that never sends a mail keeps the libraries for it out of its memory.
    from palabre.jobs import letter, smtp

    message = letter.compose(found, service)
    await smtp.send(
        relay,
        message,
        sender=sender.address,
        to=found.mailbox.address,
        greeting=letter.greeting(service.settings),
    )
    await digests.sent(service, found)
