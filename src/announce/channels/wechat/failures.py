"""What an official account's failures mean, by what is to be done about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from announce.errors import LoginRefused, MachineError
from announce.texts import say, spoken

_RID = re.compile(r"\s*rid:\s*([\w-]+)")
_ADDRESS = re.compile(r"invalid ip ([0-9A-Fa-f.:]+)")


class Kind(StrEnum):
    """What is to be done about a failure."""

    TOKEN = "token"  # the token is refused although it was refreshed
    LOGIN = "login"  # AppID, AppSecret or the account: a person must act
    ALLOW_LIST = "allow_list"  # this machine's address must be allowed first
    BUSY = "busy"  # try again later
    QUOTA = "quota"  # stop until it renews
    RIGHTS = "rights"  # this account may not: go the next lower way
    REFUSED = "refused"  # this call is at fault
    LOST = "lost"  # no readable answer: the call may have taken effect
    UNREACHABLE = "unreachable"  # the call certainly did not arrive


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code of the platform, as `data/wechat_errors.yaml` has it."""

    kind: Kind
    retry: str
    meaning: Mapping[str, str]
    mend: Mapping[str, str]
    unsure: bool = False
    wait: int = 0


@cache
def known_codes() -> Mapping[int, Code]:
    """The platform's codes, from the data file."""
    text = (files("announce") / "data" / "wechat_errors.yaml").read_text(encoding="utf-8")
    codes: dict[int, dict[str, Any]] = yaml.safe_load(text)["codes"]
    return {code: Code(**{**entry, "kind": Kind(entry["kind"])}) for code, entry in codes.items()}


class ApiFailure(MachineError):
    """A call that failed. `text` is the platform's own, `rid` names the call to its support.

    `code` is None where no answer of the platform's arrived; `answer` is all that it said.
    `unsure`: the call may have taken
    effect all the same. Neither secret nor token is in it, nor in a chained cause.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        message: str,
        hint: str = "",
        code: int | None = None,
        text: str = "",
        rid: str = "",
        unsure: bool = False,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.answer = answer or {}
        self.kind = kind
        self.code = code
        self.text = text
        self.rid = rid
        self.unsure = unsure

    @property
    def transient(self) -> bool:
        """Whether the same call may go through later, with nobody mending anything."""
        return self.kind in (Kind.BUSY, Kind.LOST, Kind.UNREACHABLE)

    @property
    def wait(self) -> int:
        """Seconds that the platform wants left before another try; 0: no wish."""
        entry = known_codes().get(self.code) if self.code is not None else None
        return entry.wait if entry else 0

    @property
    def _class(self) -> str:
        # "throttled" is what every channel calls an account that must pause.
        return "throttled" if self.wait else self.kind.value

    @property
    def detail(self) -> dict[str, Any]:
        """The evidence for the log: `class`, `transient`, and where known `code`, `text`, `rid`,
        `mend` and the `wait` in seconds."""
        known = {
            "code": self.code,
            "text": self.text,
            "rid": self.rid,
            "mend": self.hint,
            "wait": self.wait or None,
        }
        told = {name: fact for name, fact in known.items() if fact not in (None, "")}
        return {"class": self._class, "transient": self.transient, **told}


def answered(
    code: int,
    errmsg: str,
    *,
    at_login: bool = False,
    answer: Mapping[str, Any] | None = None,
) -> ApiFailure:
    """The failure that a code of the platform tells of; `answer` is the whole of what it said.

    At the token endpoint a refused credential is the AppSecret, not the token.
    """
    rid = match[1] if (match := _RID.search(errmsg)) else ""
    text = _RID.sub("", errmsg).strip()
    entry = known_codes().get(code)
    if at_login and entry and entry.kind is Kind.TOKEN:
        entry = known_codes()[40125]
    if entry is None:
        return ApiFailure(
            Kind.REFUSED,
            message=say("WeChat answered {code}: {text}", code=code, text=text),
            hint=say("look the code up at developers.weixin.qq.com"),
            code=code,
            text=text,
            rid=rid,
            answer=answer,
        )
    address = match[1] if (match := _ADDRESS.search(errmsg)) else say("this machine's address")
    language = spoken()
    return ApiFailure(
        entry.kind,
        message=say("WeChat answered {code}: {text}", code=code, text=entry.meaning[language]),
        hint=entry.mend[language].replace("{address}", address),
        code=code,
        text=text,
        rid=rid,
        unsure=entry.unsure,
        answer=answer,
    )


def lost(what: str) -> ApiFailure:
    """No readable answer to a call that may have taken effect."""
    return ApiFailure(
        Kind.LOST,
        message=say("no answer from WeChat: {what}", what=what),
        hint=say("check the connection and run again"),
        text=what,
        unsure=True,
    )


def unreachable(what: str) -> ApiFailure:
    """A call that certainly did not arrive."""
    return ApiFailure(
        Kind.UNREACHABLE,
        message=say("WeChat cannot be reached: {what}", what=what),
        hint=say("check the connection and wechat.api_base, then run again"),
        text=what,
    )


def not_the_api(what: str) -> ApiFailure:
    """An answer that says the call did not reach the platform's API."""
    return ApiFailure(
        Kind.REFUSED,
        message=say("the answer is not from WeChat's API: {what}", what=what),
        hint=say("check wechat.api_base in announce.yaml"),
        text=what,
    )


def ends_the_run(failure: ApiFailure) -> bool:
    """Whether nothing more can be delivered with this account from this machine."""
    return failure.kind in (Kind.LOGIN, Kind.TOKEN, Kind.ALLOW_LIST)


def as_machine_error(failure: ApiFailure) -> MachineError:
    """The failure as the end of a run: a refused login is LoginRefused."""
    if failure.kind in (Kind.LOGIN, Kind.TOKEN):
        return LoginRefused(failure.message, hint=failure.hint)
    return failure
