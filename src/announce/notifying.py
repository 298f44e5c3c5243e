"""A mail to a person when a scheduled run went wrong, once for each thing that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from markupsafe import escape

from announce.channels.email.compose import sender_address
from announce.errors import AnnounceError
from announce.model.audience import Address
from announce.model.base import in_interface
from announce.model.delivery import DeliveryKey, State
from announce.model.languages import Language
from announce.model.message import Mail
from announce.model.project import Project
from announce.outlets import is_sandboxed, open_outlets, open_project_ledger
from announce.texts import say, spoken

# The same failure is told again after so long: cron calls every few minutes.
AGAIN = timedelta(hours=12)
_ACCOUNT = "schedule"


def notify(project: Project, told: Sequence[str], now: datetime) -> bool:
    """Tell the address of the settings what went wrong; whether a mail left.

    Nothing leaves without an address, nor where mails are rehearsed. That the mail cannot be sent
    changes nothing: the exit code and cron's own mail tell too.
    """
    address = project.settings.schedule.notify
    if address is None or not told or is_sandboxed(project, "email"):
        return False
    text = "\n".join(told)
    sign = hashlib.sha256(text.encode()).hexdigest()[:16]
    with (
        suppress(AnnounceError, OSError),
        closing(open_project_ledger(project, create=True)) as kept,
    ):
        known = kept.accounts.fact(_ACCOUNT, sign)
        if known is not None and timedelta(0) <= now - known[1] < AGAIN:
            return False
        if _sent(project, address, text, now):
            kept.accounts.keep(_ACCOUNT, sign, address, now)
            return True
    return False


def _sent(project: Project, address: str, text: str, now: datetime) -> bool:
    language: Language = "zh" if spoken() == "zh" else "en"
    intro = say("A scheduled run of announce needs you:")
    whole = f"{intro}\n\n{text}\n"
    mail = Mail(
        languages=(language,),
        subject=say(
            "{project}: a scheduled run needs you", project=in_interface(project.settings.name)
        ),
        sender=sender_address(project, project.languages[0]),
        reply_to=None,
        to=(Address(spec=address),),
        text=whole,
        html=f"<pre>{escape(whole)}</pre>",
    )
    sign = uuid4().hex
    key = DeliveryKey("announce", "notify", "email", sign)
    domain = project.settings.sender.address.rpartition("@")[2].encode("idna").decode()
    with open_outlets(project, ["email"], lambda: now) as [outlet], outlet.open() as transport:
        outcome = transport.deliver(mail, key, f"<{sign}@{domain}>", lambda: None)
    return outcome.state is State.SENT
