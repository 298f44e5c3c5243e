"""Delivering notices with an account's template or subscription messages, each once.

The platform sends a template message with the same `client_msg_id` to the same reader once in ten
minutes, so that one whose answer was lost is safely sent again meanwhile; later nobody can say
what became of it, nor where its words or its reader changed since: the platform would not send
the new ones. A subscription message has no such id, and cannot be looked for.
https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from announce.channels.base import HandedOver
from announce.channels.notice.fields import repeats_within
from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, Kind, as_machine_error, ends_the_run
from announce.channels.wechat.memory import StepMemory
from announce.channels.wechat.session import AccountSession
from announce.errors import InputError, MachineError
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Notice, Sendable
from announce.texts import say

# A repeat must arrive within the ten minutes: one is begun in the first half only, and where a
# queue or a pause of the account held it up, not made in the last minute of them, nor later.
SAFELY = timedelta(seconds=repeats_within() / 2)
AT_LAST = timedelta(seconds=repeats_within() - 60)
REPEATS = (1.0, 3.0)  # seconds before a message whose answer was lost is sent again
# Answers about the template or the account's conduct: all other readers would get the same, and
# to insist is what the platform punishes.
_FOR_ALL = frozenset({40036, 40037, 40249, 43116})
_FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")

# Makes a rehearsal's reader and template known to the account that plays along.
Meet = Callable[[Notice], None]


class NoticeTransport(AccountSession):
    """The way to single readers of a verified service account."""

    def __init__(
        self,
        account: OfficialAccount,
        steps: StepMemory,
        *,
        now: Callable[[], datetime],
        forms: Iterable[Notice] = (),
        meet: Meet | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(account)
        self._steps = steps
        self._now = now
        self._forms = tuple(forms)
        self._meet = meet
        self._sleep = sleep
        self._contents: Mapping[str, str] | None = None

    def deliver(
        self,
        message: Sendable,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Send one notice; `sent` is that the platform took it (`msgid`), not that it was read.

        Raises before the hand-over where no reader can be told: MachineError where the account has
        no right to (48001), InputError where it has no such template, or one with other fields.
        `forms` are the first notices of each template that will be sent, so that this is found
        before any. Found after it, what no reader can be told for is of the class `account`.
        """
        notice = _notice(message)
        if self._meet is not None:
            self._meet(notice)
        doubted = None
        if notice.use == "template":
            doubted, sent = self._doubted(key)
            if doubted is not None and self._now() - doubted > AT_LAST:
                return Outcome(state=State.IN_DOUBT, reason=say("too late for a repeat"))
            if doubted is not None and sent != _sum(notice):
                return Outcome(state=State.IN_DOUBT, reason=say("it changed since it was sent"))
            try:
                self._check_template(notice)
            except ApiFailure as failure:
                if failure.kind is Kind.RIGHTS or ends_the_run(failure):
                    raise _end(failure) from failure
                return _failed(failure)
            if doubted is None:
                self._steps.note(key, "notifying", {"sum": _sum(notice)})
        handed_over()
        return self._sent(notice, message_id, doubted)

    def settle(self, message: Sendable, key: DeliveryKey, message_id: str) -> Outcome | None:
        """`planned` for a template message whose answer was lost so lately that a repeat is the
        same message; None for all others: nobody can look."""
        notice = _notice(message)
        doubted, sent = self._doubted(key)
        if notice.use != "template" or doubted is None or sent != _sum(notice):
            return None
        if self._now() - doubted > SAFELY:
            return None
        return Outcome(state=State.PLANNED, reason=say("a repeat now is the same message"))

    def _doubted(self, key: DeliveryKey) -> tuple[datetime | None, str]:
        """When the first message was handed over that may have been taken all the same, and what
        it was (`_sum`). Answers to later ones say nothing of it; only a person's word does."""
        since: datetime | None = None
        handed: datetime | None = None
        tried = sent = ""
        for one in self._steps.events(key):
            match one.event:
                case "notifying":
                    tried = one.detail["sum"]
                case "handed_over":
                    handed = one.at
                case "in_doubt" if since is None:
                    since, sent = handed, tried
                case "settled_not_sent":
                    since = None
        return since, sent

    def _check_template(self, notice: Notice) -> None:
        """Ask the account once for its templates, and see that all that is to be sent fits."""
        if self._contents is not None:
            self._check_form(notice)
            return
        if self._meet is not None:
            for one in self._forms:
                self._meet(one)
        self._contents = {
            str(one.get("template_id", "")): str(one.get("content", ""))
            for one in self._account.templates()
        }
        for one in (*self._forms, notice):
            if one.use == "template":
                self._check_form(one)

    def _check_form(self, notice: Notice) -> None:
        assert self._contents is not None
        content = self._contents.get(notice.template_id)
        if content is None:
            raise InputError(
                say("the account has no template {id}", id=notice.template_id),
                hint=say("copy the id from the account's console: 模板消息, or 订阅通知"),
            )
        wanted, given = set(_FIELD.findall(content)), {name for name, _ in notice.fields}
        if wanted != given:
            raise InputError(
                say(
                    "template {id} has the fields {wanted}, and {file} gives {given}",
                    id=notice.template_id,
                    wanted=", ".join(sorted(wanted)),
                    file=notice.source,
                    given=", ".join(sorted(given)),
                ),
                hint=say("name under `notice:` in the template's head exactly those fields"),
            )

    def _sent(self, notice: Notice, message_id: str, doubted: datetime | None) -> Outcome:
        is_template = notice.use == "template"
        began, lost = doubted or self._now(), doubted is not None
        for pause in (*REPEATS, None) if is_template else (None,):
            # The machine may have slept: a late repeat would be another message.
            if lost and self._now() - began > AT_LAST:
                return Outcome(state=State.IN_DOUBT, reason=say("too late for a repeat"))
            try:
                return self._ask(notice, message_id)
            except ApiFailure as failure:
                if not failure.unsure:
                    refused = self._refused(failure)
                    # A no to a repeat says nothing of the first one, which may have been taken.
                    return _in_doubt(failure) if lost else refused
                lost = True
                if pause is None:
                    return _in_doubt(failure)
            self._sleep(pause)
        raise AssertionError("the last try ends it")

    def _ask(self, notice: Notice, message_id: str) -> Outcome:
        payload = _payload(notice)
        if notice.use == "subscription":
            self._account.send_subscribed(payload)
            return Outcome(state=State.SENT)
        payload["client_msg_id"] = hashlib.sha256(message_id.encode()).hexdigest()[:32]
        msgid = self._account.send_template(payload)
        return Outcome(state=State.SENT, detail={"msgid": msgid})

    @staticmethod
    def _refused(failure: ApiFailure) -> Outcome:
        for_all = failure.kind is Kind.RIGHTS or failure.code in _FOR_ALL
        if not (for_all or ends_the_run(failure)):
            return _failed(failure)
        # Nothing is wrong with this reader, who stays due.
        end = _end(failure)
        detail = {**failure.detail, "class": "account", "mend": end.hint}
        return Outcome(state=State.FAILED, reason=end.message, detail=detail)


def _payload(notice: Notice) -> dict[str, Any]:
    """What the platform is given, but for the id of ours."""
    link = "page" if notice.use == "subscription" else "url"
    return {
        "touser": notice.openid,
        "template_id": notice.template_id,
        "data": {name: {"value": value} for name, value in notice.fields},
        **({link: notice.link} if notice.link else {}),
    }


def _sum(notice: Notice) -> str:
    """Tells a notice from another one to the same person: by its reader, template and words."""
    text = json.dumps(_payload(notice), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _end(failure: ApiFailure) -> MachineError:
    """The failure as the end of all notices."""
    if failure.kind is not Kind.RIGHTS:
        return as_machine_error(failure)
    return MachineError(
        say("this account may not send notices: {cause}", cause=failure.message),
        hint=say(
            "only a verified service account may (in a rehearsal: wechat.rehearse_as: "
            "verified_service); tell these people by e-mail, and take `notice` out"
        ),
    )


def _notice(message: Sendable) -> Notice:
    if not isinstance(message, Notice):
        raise TypeError(f"one person's matter is a notice, not {type(message).__name__}")
    return message


def _failed(failure: ApiFailure) -> Outcome:
    """A definite no. The platform's own words name the field at fault."""
    said = f" ({failure.text})" if failure.kind is Kind.REFUSED and failure.text else ""
    return Outcome(state=State.FAILED, reason=f"{failure.message}{said}", detail=failure.detail)


def _in_doubt(failure: ApiFailure) -> Outcome:
    return Outcome(state=State.IN_DOUBT, reason=failure.message, detail=failure.detail)
