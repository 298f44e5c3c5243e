"""The official account and its ledger, opened for a question or for an act outside a send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, as_machine_error, ends_the_run
from announce.ledger.base import Ledger, Run, RunLost
from announce.ledger.lineage import verify
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import refresh
from announce.model.delivery import ONCE
from announce.model.project import Project
from announce.outlets import is_sandboxed, official_account, open_ledger_of, start_sandbox

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account with the ledger of its articles; `rehearsed`: it is the sandbox's."""

    project: Project
    ledger: Ledger
    account: OfficialAccount
    rehearsed: bool
    now: Now

    @property
    def app_id(self) -> str:
        """What the ledger keeps facts of the account under."""
        return str(self.account.appid)

    def log_in(self) -> None:
        """Have a token in force. LoginRefused or MachineError with the mend."""
        try:
            _ = self.account.access_token
        except ApiFailure as failure:
            raise as_machine_error(failure) from failure


@contextmanager
def open_desk(project: Project, now: Now) -> Iterator[Desk]:
    """The account of a project, the sandbox running meanwhile where it is rehearsed.

    MachineError where the variable of a real account is missing.
    """
    with ExitStack() as stack:
        rehearsed = is_sandboxed(project, "wechat")
        box = stack.enter_context(start_sandbox(project, now)) if rehearsed else None
        ledger = open_ledger_of(project, "wechat", create=True)
        stack.callback(ledger.close)
        account = official_account(project, ledger, box, now)()
        stack.callback(account.close)
        yield Desk(project=project, ledger=ledger, account=account, rehearsed=rehearsed, now=now)


@contextmanager
def held_run(
    project: Project, ledger: Ledger, campaign: str, now: Now, occurrences: Iterable[str] = (ONCE,)
) -> Iterator[Run]:
    """The campaign's run for as long as the block lasts, its witnesses up to date afterwards.

    HeldByAnother where a send is under way; LedgerBehind where a witness of a real account knows
    more than the ledger.
    """
    real = not is_sandboxed(project, "wechat")
    if real:
        verify(ledger, project.root, state_folder())
    run = ledger.begin(campaign, ONCE, now())
    ended = "broken off"
    try:
        yield run
        ended = "done"
    finally:
        with suppress(RunLost):  # another process has it: it settles what is open
            run.finish(ended, now())
        if real:
            for occurrence in occurrences:
                refresh(ledger, project.root, state_folder(), campaign, occurrence)


def end_of_run(failure: ApiFailure) -> None:
    """Raise for a failure after which no further call can go through."""
    if ends_the_run(failure):
        raise as_machine_error(failure) from failure
