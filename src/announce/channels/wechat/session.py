"""An account logged in, for as long as a transport is open."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, as_machine_error


class AccountSession:
    """What the transports of an account begin and end with.

    Entering fetches the token: LoginRefused where AppID or AppSecret is refused, MachineError
    (with the mend) where the platform is out of reach or this machine is not on the allow-list.
    """

    def __init__(self, account: OfficialAccount) -> None:
        self._account = account

    def __enter__(self) -> Self:
        try:
            _ = self._account.access_token
        except ApiFailure as failure:
            raise as_machine_error(failure) from failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._account.close()
