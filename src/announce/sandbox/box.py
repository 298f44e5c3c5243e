"""The embedded sandbox: what takes the messages of channels that have no account."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from announce.sandbox.mailcatcher import MailCatcher
from announce.sandbox.store import CaughtMail, Clock, MailStore, private_folder
from announce.sandbox.wechat.account import AccountKind
from announce.sandbox.wechat.drafts import Draft
from announce.sandbox.wechat.rules import DOCUMENTED, Profile
from announce.sandbox.wechat.server import DELAY, OfficialAccountServer


class Sandbox:
    """A mail catcher and an official account on loopback, as a context.

    What they take stays in `folder`, over runs and between processes. Nothing leaves the
    machine. `account_kind` is the role of the folder's account this time; it, and whatever else
    is not a mail's, as OfficialAccountServer has it. Entering raises MachineError where a given
    port is taken.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Clock,
        account_kind: AccountKind = AccountKind.PERSONAL_SUB,
        profile: Profile = DOCUMENTED,
        publish_delay: timedelta = DELAY,
        callback: tuple[str, str] | None = None,
        ticks: bool = False,
        smtp_port: int = 0,
        api_port: int = 0,
        api_token: str | None = None,
    ) -> None:
        private_folder(folder)
        self.folder = folder
        self._catcher = MailCatcher(folder / "mail", now=now, port=smtp_port)
        self._account = OfficialAccountServer(
            folder / "wechat",
            now=now,
            kind=account_kind,
            profile=profile,
            publish_delay=publish_delay,
            callback=callback,
            ticks=ticks,
            port=api_port,
            token=api_token,
        )
        self._stack = ExitStack()

    @property
    def smtp_port(self) -> int:
        """Where the mail catcher listens, on 127.0.0.1."""
        return self._catcher.port

    @property
    def api_base(self) -> str:
        """What stands for `https://api.weixin.qq.com`."""
        return self._account.api_base

    @property
    def app_id(self) -> str:
        """The sandbox account's AppID."""
        return self._account.app_id

    @property
    def app_secret(self) -> str:
        """The sandbox account's AppSecret."""
        return self._account.app_secret

    @property
    def account(self) -> OfficialAccountServer:
        """The official account itself: its journal, and faults to script."""
        return self._account

    def mails(self) -> list[CaughtMail]:
        """Every mail in the folder, in the order in which they came."""
        return MailStore(self.folder / "mail").mails()

    def drafts(self) -> list[Draft]:
        """The draft box, the newest first."""
        return self._account.drafts()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._catcher)
            stack.enter_context(self._account)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
