"""What an account may do by API: asked by calls that change nothing, and remembered with the date.

Rights depend on the account's kind and verification, and change: since July 2025 unverified
accounts may not publish by API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from announce.articles.desk import Desk, end_of_run
from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.ledger.base import Accounts
from announce.model.steps import WAYS, rank

# In the order of a table; each is a `deliver:` of campaigns, but the last.
RIGHTS = ("draft", "publish", "mass", "template")
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Whether the account may: `may` None where nobody knows, `at` when it was last asked with
    success. `trouble` is why it could not be asked now, `why` the platform's refusal."""

    name: str
    may: bool | None = None
    at: datetime | None = None
    code: int | None = None
    why: str = ""
    trouble: str = ""


def probe(desk: Desk) -> list[Right]:
    """Ask the platform for each right. MachineError where the account cannot be reached at all."""
    desk.log_in()
    return [_asked(desk, name) for name in RIGHTS]


def remembered(accounts: Accounts, app_id: str) -> dict[str, Right]:
    """What was known last, by name, without asking."""
    return {name: _kept(accounts, app_id, name) for name in RIGHTS}


def ends_as(deliver: str, rights: Mapping[str, Right]) -> str:
    """How far a `deliver` comes with these rights; "" where nobody knows."""
    for way in reversed(WAYS[1 : rank(deliver) + 1]):
        if rights[way].may is None:
            return ""
        if rights[way].may:
            return way
    return WAYS[0]


def _asked(desk: Desk, name: str) -> Right:
    try:
        _call(desk.account, name)
    except ApiFailure as failure:
        end_of_run(failure)
        if failure.kind is not Kind.RIGHTS:
            kept = _kept(desk.ledger.accounts, desk.app_id, name)
            return Right(name=name, may=kept.may, at=kept.at, trouble=failure.message)
        right = Right(name=name, may=False, at=desk.now(), code=failure.code, why=failure.message)
    else:
        right = Right(name=name, may=True, at=desk.now())
    value = _YES if right.may else _NO
    desk.ledger.accounts.keep(desk.app_id, f"right {name}", value, desk.now())
    return right


def _call(account: OfficialAccount, name: str) -> None:
    match name:
        case "draft":
            account.count_drafts()
        case "publish":
            account.post("freepublish/batchget", data={"offset": 0, "count": 1, "no_content": 1})
        case "mass":
            # Tags and mass messages are one right; a mass message cannot be tried.
            account.tags()
        case "template":
            account.templates()


def _kept(accounts: Accounts, app_id: str, name: str) -> Right:
    kept = accounts.fact(app_id, f"right {name}")
    return Right(name=name, may=kept[0] == _YES, at=kept[1]) if kept else Right(name=name)
