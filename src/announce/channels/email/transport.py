"""Handing mails over: one connection, one conversation a mail, and never one mail twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from announce.channels.base import HandedOver
from announce.channels.email.account import Account
from announce.channels.email.answers import Answer, AnswerClass
from announce.channels.email.connect import Unreachable, connect
from announce.channels.email.conversation import Conversation, Lost
from announce.channels.email.mime import needs_smtputf8, write
from announce.errors import LoginRefused
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Mail, Message
from announce.texts import say


@dataclass(frozen=True, slots=True)
class _Envelope:
    sender: str
    to: tuple[str, ...]
    raw: bytes
    utf8: bool


class SmtpTransport:
    """One connection to an account's server (see `channels.base.Transport`).

    `sender` is the envelope's; `now` gives the Date. A connection lost between mails is opened
    again once; a mail is tried once a call: retries, pauses and budgets are the caller's, by
    `detail["class"]` and `detail["transient"]`.
    """

    def __init__(self, account: Account, sender: str, now: Callable[[], datetime]) -> None:
        self._account = account
        self._sender = sender
        self._now = now
        self._talk: Conversation | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._talk is not None:
            self._talk.quit()
            self._talk = None

    def deliver(
        self,
        message: Message,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Hand one mail over. Raises ValueError for a mail that cannot be written, LoginRefused
        and MachineError where nothing more can be sent; whatever else happens is the outcome."""
        if not isinstance(message, Mail):
            raise TypeError("SmtpTransport carries mails only")
        envelope = _Envelope(
            self._sender,
            tuple(address.spec for address in message.to),
            write(message, message_id=message_id, date=self._now()),
            needs_smtputf8(message) or not self._sender.isascii(),
        )
        try:
            return self._deliver(envelope, handed_over, last=last)
        except BaseException:
            # Whatever the server was told so far must not be taken up by a later mail.
            self._drop()
            raise

    def settle(self, message: Message, message_id: str) -> Outcome | None:
        """None: SMTP cannot look for what became of a mail."""
        return None

    def _deliver(self, envelope: _Envelope, handed_over: HandedOver, *, last: bool) -> Outcome:
        try:
            talk = self._talk or self._open()
            if refusal := self._beyond_server(talk, envelope):
                return refusal
            talk, answer = self._begin(talk, envelope)
            refused: dict[str, Answer] = {}
            if answer.accepted:
                refused = talk.recipients(envelope.to)
                if len(refused) == len(set(envelope.to)):
                    return self._all_refused(refused)
                if deferred := [] if last else [one for one in refused.values() if one.deferred]:
                    return self._refused(deferred[0])
                answer = talk.ask("DATA", "data", go_on=354)
            if answer.refused:
                return self._refused(answer)
        except (Lost, Unreachable) as lost:
            self._drop()
            return _lost_before(str(lost))
        return self._hand_over(talk, envelope, refused, handed_over)

    def _begin(self, talk: Conversation, envelope: _Envelope) -> tuple[Conversation, Answer]:
        """MAIL; on a fresh connection where the server has left the old one meanwhile."""
        old = talk.used
        try:
            answer = talk.mail(envelope.sender, len(envelope.raw), utf8=envelope.utf8)
            if answer.code != 421 or not old:
                return talk, answer
        except Lost:
            if not old:
                raise
        self._drop()
        talk = self._open()
        return talk, talk.mail(envelope.sender, len(envelope.raw), utf8=envelope.utf8)

    def _hand_over(
        self,
        talk: Conversation,
        envelope: _Envelope,
        refused: dict[str, Answer],
        handed_over: HandedOver,
    ) -> Outcome:
        handed_over()
        try:
            answer = talk.body(envelope.raw)
        except Lost as lost:
            self._drop()
            return _lost_after(str(lost))
        if answer.accepted:
            return _sent(answer, refused)
        if not answer.refused:
            self._drop()
            return _lost_after(str(answer))
        return self._refused(answer, may_raise=False)

    def _refused(self, answer: Answer, *, may_raise: bool = True) -> Outcome:
        kind = answer.kind
        self._recover(answer, kind)
        if may_raise and kind is AnswerClass.LOGIN_REFUSED:
            raise LoginRefused(
                say("{host} wants a login: {answer}", host=self._account.host, answer=answer),
                hint=say("set email.smtp.user and email.smtp.password"),
            )
        return Outcome(
            state=State.FAILED,
            reason=say("refused: {answer}", answer=answer),
            detail=answer.detail(),
        )

    def _all_refused(self, refused: dict[str, Answer]) -> Outcome:
        # The most hopeful answer decides: nobody has got anything, so all may be tried again.
        outcome = self._refused(min(refused.values(), key=_despair))
        return replace(
            outcome,
            reason=_refused_reason(refused),
            detail={**outcome.detail, **_refused_detail(refused)},
        )

    def _beyond_server(self, talk: Conversation, envelope: _Envelope) -> Outcome | None:
        if envelope.utf8 and not talk.has("smtputf8"):
            kind = AnswerClass.UNSUPPORTED_ADDRESS
            reason = say(
                "unsupported address: {host} takes ASCII addresses only (no SMTPUTF8)",
                host=self._account.host,
            )
        elif talk.size_limit and len(envelope.raw) > talk.size_limit:
            kind = AnswerClass.MESSAGE_REFUSED
            reason = say(
                "the mail has {size} bytes, {host} takes {limit}",
                size=len(envelope.raw),
                host=self._account.host,
                limit=talk.size_limit,
            )
        else:
            return None
        detail = {"code": None, "text": "", "class": kind.value, "transient": False}
        return Outcome(state=State.FAILED, reason=reason, detail=detail)

    def _recover(self, answer: Answer, kind: AnswerClass) -> None:
        """Make the connection fit for the next mail, or close it: a server that is pressed,
        or counts the mails of a connection, is better met afresh."""
        talk = self._talk
        if talk is None:
            return
        if answer.code == 421:
            self._drop()
        elif kind is AnswerClass.THROTTLED or not talk.reset():
            talk.quit()
            self._talk = None

    def _open(self) -> Conversation:
        self._talk = Conversation(connect(self._account), self._account.timeout)
        return self._talk

    def _drop(self) -> None:
        if self._talk is not None:
            self._talk.drop()
            self._talk = None


def _despair(answer: Answer) -> int:
    order = (
        AnswerClass.LOGIN_REFUSED,
        AnswerClass.QUOTA,
        AnswerClass.THROTTLED,
        AnswerClass.TRANSIENT,
        AnswerClass.SENDER_REFUSED,
        AnswerClass.MESSAGE_REFUSED,
        AnswerClass.RECIPIENT_UNAVAILABLE,
    )
    return order.index(answer.kind) if answer.kind in order else len(order)


def _sent(answer: Answer, refused: dict[str, Answer]) -> Outcome:
    detail: dict[str, Any] = {"code": answer.code, "text": answer.text}
    if not refused:
        return Outcome(state=State.SENT, detail=detail)
    return Outcome(
        state=State.SENT,
        reason=_refused_reason(refused),
        detail={**detail, **_refused_detail(refused)},
    )


def _refused_reason(refused: dict[str, Answer]) -> str:
    return "; ".join(
        say("{address} was refused: {answer}", address=address, answer=answer)
        for address, answer in refused.items()
    )


def _refused_detail(refused: dict[str, Answer]) -> dict[str, Any]:
    return {
        "refused": {address: [answer.code, answer.text] for address, answer in refused.items()},
        "refused_class": {address: answer.kind.value for address, answer in refused.items()},
    }


def _lost_before(text: str) -> Outcome:
    return Outcome(
        state=State.FAILED,
        reason=say("no connection, so nothing was sent ({cause})", cause=text),
        detail=_lost_detail(text, transient=True),
    )


def _lost_after(text: str) -> Outcome:
    return Outcome(
        state=State.IN_DOUBT,
        reason=say("the connection was lost after the mail was handed over ({cause})", cause=text),
        detail=_lost_detail(text, transient=False),
    )


def _lost_detail(text: str, *, transient: bool) -> dict[str, Any]:
    kind = AnswerClass.CONNECTION_LOST.value
    return {"code": None, "text": text, "class": kind, "transient": transient}
