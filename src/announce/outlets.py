"""Which channel goes where: a real account or the sandbox, each with its ledger.

The sandbox has a ledger of its own, so that rehearsing never blocks the real send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from announce.channels.base import Carrier, Transport
from announce.channels.email.account import Account, AccountLimits, connections_of, limits_of
from announce.crew import Crew
from announce.errors import MachineError
from announce.importing import importing
from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.logins import account_of
from announce.model.delivery import CHANNELS, Channel, DeliveryKey
from announce.model.project import Project, Secret, Smtp
from announce.reading.secrets import resolve
from announce.texts import say

if TYPE_CHECKING:
    from announce.channels.wechat.api import OfficialAccount
    from announce.model.delivery import Edits
    from announce.model.message import Notice
    from announce.remembering import RememberedSteps
    from announce.sandbox import Sandbox

SANDBOX = "sandbox"
SANDBOX_LEDGER = "sqlite:///.announce/sandbox/ledger.sqlite3"
NOTICES_AT_ONCE = 4  # a call takes some tenth of a second; the platform sets no bound
UNLIMITED = AccountLimits(provider="", per_minute=None, per_day=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where a channel's deliveries go in this run.

    `open` makes one way to the other side; `carrier` one that drives several, where the channel
    has its own; `steps` remembers how far its deliveries came, where they take several. `zone` is
    the one in which people are told times (None: the machine's).
    """

    channel: Channel
    sandboxed: bool
    account: str
    domain: str
    ledger: Ledger
    connections: int
    limits: AccountLimits
    open: Callable[[], Transport]
    zone: tzinfo | None = None
    steps: RememberedSteps | None = None
    carrier: Callable[[], Carrier] | None = None

    def carry(self) -> Carrier:
        """A carrier over as many connections as the account is set to."""
        return self.carrier() if self.carrier else Crew(self.open, self.connections)

    def message_id(self, key: DeliveryKey) -> str:
        """The Message-ID of a delivery: the same each time, on the sender's domain."""
        return self.ledger.message_id(key, self.domain)


def is_sandboxed(project: Project, channel: Channel) -> bool:
    """Whether a channel has no account, and so is rehearsed."""
    settings = project.settings
    return (settings.email.smtp if channel == "email" else settings.wechat.app_secret) is None


def sandboxed_channels(project: Project) -> frozenset[Channel]:
    """The channels that are rehearsed."""
    return frozenset(channel for channel in CHANNELS if is_sandboxed(project, channel))


def wechat_account(project: Project) -> str:
    """The official account's AppID, or `sandbox`. MachineError where its variable is missing."""
    app_id = project.settings.wechat.app_id
    if app_id is None:
        return SANDBOX
    return resolve(app_id, "wechat.app_id") if isinstance(app_id, Secret) else app_id


def open_ledger_of(project: Project, channel: Channel, *, create: bool = False) -> Ledger:
    """The ledger that a channel's deliveries are in; without `create`, an empty one if none."""
    if not is_sandboxed(project, channel):
        return open_ledger(project.settings.ledger, project.root, create=create)
    try:
        return open_ledger(SANDBOX_LEDGER, project.root, create=create)
    except MachineError as error:
        hint = say("it is only a rehearsal's: `announce sandbox --reset` makes a new one")
        raise MachineError(error.message, hint=hint) from error


def open_project_ledger(project: Project, *, create: bool = False) -> Ledger:
    """The project's own ledger, whether or not any channel is real: it holds suppressions."""
    return open_ledger(project.settings.ledger, project.root, create=create)


def import_for_sending() -> None:
    """Import what only `open_outlets` needs: it takes as long as composing a thousand mails."""
    with importing():
        import announce.channels.email.carrier
        import announce.channels.email.transport
        import announce.ledger.opening  # noqa: F401


@contextmanager
def open_outlets(
    project: Project,
    channels: list[Channel],
    now: Callable[[], datetime],
    *,
    edits: Edits = "refuse",
    forms: Iterable[Notice] = (),
) -> Iterator[list[Outlet]]:
    """The outlets of these channels, the sandbox running as long as one is rehearsed.

    `edits` says what becomes of drafts that somebody edited by hand; `forms` has a notice of each
    template that will be sent.
    """
    with ExitStack() as stack:
        box: Sandbox | None = None
        if any(is_sandboxed(project, channel) for channel in channels):
            box = stack.enter_context(start_sandbox(project, now))
        outlets = []
        ledgers: dict[bool, Ledger] = {}
        for channel in channels:
            rehearsed = is_sandboxed(project, channel)
            if rehearsed not in ledgers:
                ledgers[rehearsed] = open_ledger_of(project, channel, create=True)
                stack.callback(ledgers[rehearsed].close)
            ledger = ledgers[rehearsed]
            match channel:
                case "email":
                    outlets.append(_email(project, ledger, box, now))
                case "notice":
                    outlets.append(_notice(project, ledger, box, now, forms))
                case "wechat":
                    outlets.append(_wechat(project, ledger, box, now, edits))
        yield outlets


@contextmanager
def start_sandbox(project: Project, now: Callable[[], datetime]) -> Iterator[Sandbox]:
    """The embedded services of this project, for as long as the block runs."""
    from announce.sandbox import Sandbox
    from announce.sandbox.wechat.account import AccountKind

    kind = AccountKind(project.settings.wechat.rehearse_as)
    with Sandbox(project.private / SANDBOX, now=now, account_kind=kind) as box:
        yield box


def email_account(project: Project, smtp: Smtp) -> Account:
    """The SMTP account with its login. MachineError where its secret or login is missing."""
    return account_of(project, smtp)


def account_id(smtp: Smtp) -> str:
    """What the ledger knows the account by; its secret is not looked up."""
    return Account.of(smtp, password="" if smtp.user else None, root=Path()).id


def _email(
    project: Project, ledger: Ledger, box: Sandbox | None, now: Callable[[], datetime]
) -> Outlet:
    with importing():
        from announce.channels.email.carrier import SmtpCarrier
        from announce.channels.email.compose import sender_address
        from announce.channels.email.transport import SmtpTransport

    settings = project.settings.email
    if settings.smtp is None:
        assert box is not None
        account = Account(host="127.0.0.1", port=box.smtp_port, security="none")
        limits = UNLIMITED
    else:
        account = email_account(project, settings.smtp)
        limits = limits_of(settings)
    sender = sender_address(project, project.languages[0])
    connections = connections_of(settings, limits)
    return Outlet(
        channel="email",
        sandboxed=settings.smtp is None,
        account=SANDBOX if settings.smtp is None else account.id,
        domain=_domain(project),
        ledger=ledger,
        zone=ZoneInfo(project.settings.timezone),
        connections=connections,
        limits=limits,
        open=lambda: SmtpTransport(account, sender.spec, now),
        carrier=lambda: SmtpCarrier(
            account,
            sender.spec,
            now,
            connections=connections,
            renew_after=limits.per_connection,
        ),
    )


def _notice(
    project: Project,
    ledger: Ledger,
    box: Sandbox | None,
    now: Callable[[], datetime],
    forms: Iterable[Notice],
) -> Outlet:
    from announce.channels.notice.transport import NoticeTransport
    from announce.remembering import RememberedSteps

    account = official_account(project, ledger, box, now)
    steps = RememberedSteps(ledger, now)
    meet = _meet(box) if is_sandboxed(project, "notice") and box else None
    return Outlet(
        channel="notice",
        sandboxed=is_sandboxed(project, "notice"),
        account=wechat_account(project),
        domain=_domain(project),
        ledger=ledger,
        connections=NOTICES_AT_ONCE,
        limits=UNLIMITED,
        steps=steps,
        open=lambda: NoticeTransport(account(), steps, now=now, forms=forms, meet=meet),
    )


def _meet(box: Sandbox) -> Callable[[Notice], None]:
    """In a rehearsal whoever the audience names follows the account, which has the templates."""
    use = {"template": "template", "subscription": "subscribe"}
    return lambda notice: box.account.meet(
        notice.openid, notice.template_id, use[notice.use], [name for name, _ in notice.fields]
    )


def _wechat(
    project: Project,
    ledger: Ledger,
    box: Sandbox | None,
    now: Callable[[], datetime],
    edits: Edits,
) -> Outlet:
    from announce.channels.wechat.paste import paste_page
    from announce.channels.wechat.pasting import PasteFolder
    from announce.channels.wechat.transport import ArticleTransport
    from announce.remembering import RememberedSteps, RememberedUploads

    rehearsed = is_sandboxed(project, "wechat")
    account = official_account(project, ledger, box, now)
    steps = RememberedSteps(ledger, now)
    folder = project.private / (SANDBOX if rehearsed else "") / "paste"
    return Outlet(
        channel="wechat",
        sandboxed=rehearsed,
        account=wechat_account(project),
        domain=_domain(project),
        ledger=ledger,
        connections=1,
        limits=UNLIMITED,
        steps=steps,
        open=lambda: ArticleTransport(
            account(),
            RememberedUploads(ledger.uploads, now),
            steps,
            paste=PasteFolder(folder, paste_page),
            now=now,
            edits=edits,
        ),
    )


def official_account(
    project: Project, ledger: Ledger, box: Sandbox | None, now: Callable[[], datetime]
) -> Callable[[], OfficialAccount]:
    """Makes clients of the account: the sandbox's in a rehearsal. MachineError at once where the
    variable of its AppID or AppSecret is missing."""
    from announce.channels.wechat.api import OfficialAccount
    from announce.remembering import RememberedAccount

    settings = project.settings.wechat
    if settings.app_secret is None:
        assert box is not None
        app_id, secret, base = box.app_id, box.app_secret, box.api_base
    else:
        app_id = wechat_account(project)
        secret = resolve(settings.app_secret, "wechat.app_secret")
        base = settings.api_base
    memory = RememberedAccount(ledger.accounts, app_id, secret, now)
    return lambda: OfficialAccount(app_id, secret, api_base=base, memory=memory)


def _domain(project: Project) -> str:
    return project.settings.sender.address.rpartition("@")[2].encode("idna").decode()
