"""What became of a mail, in words and with evidence, from what the server answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from announce.channels.email.answers import Answer, AnswerClass
from announce.channels.email.letter import Letter
from announce.errors import LoginRefused
from announce.model.delivery import Outcome, State
from announce.texts import say

# What became of a letter; LoginRefused where the server takes nothing from us at all.
End = Outcome | LoginRefused


def sent(answer: Answer, refused: dict[str, Answer]) -> Outcome:
    """The server took it, for all but those `refused`."""
    detail: dict[str, Any] = {"code": answer.code, "text": answer.text}
    if not refused:
        return Outcome(state=State.SENT, detail=detail)
    return Outcome(
        state=State.SENT,
        reason=_refused_reason(refused),
        detail={**detail, **_refused_detail(refused)},
    )


def refused(answer: Answer) -> Outcome:
    """The server said no."""
    return Outcome(
        state=State.FAILED,
        reason=say("refused: {answer}", answer=answer),
        detail=answer.detail(),
    )


def refused_by(host: str, letter: Letter, no: Answer) -> End:
    """The server said no before the body, `no` being the answer that decides (`Letter.no`)."""
    if no.kind is AnswerClass.LOGIN_REFUSED:
        return _wants_login(host, no)
    outcome = refused(no)
    if letter.refusal is not None or len(letter.refused) < len(letter.to):
        return outcome
    return replace(
        outcome,
        reason=_refused_reason(letter.refused),
        detail={**outcome.detail, **_refused_detail(letter.refused)},
    )


def no_smtputf8(host: str) -> Outcome:
    """An address that this server cannot write to."""
    reason = say("unsupported address: {host} takes ASCII addresses only (no SMTPUTF8)", host=host)
    return _refused_here(AnswerClass.UNSUPPORTED_ADDRESS, reason)


def too_large(host: str, size: int, limit: int) -> Outcome:
    """A mail larger than the server said it takes."""
    reason = say(
        "the mail has {size} bytes, {host} takes {limit}", size=size, host=host, limit=limit
    )
    return _refused_here(AnswerClass.MESSAGE_REFUSED, reason)


def lost_before(cause: str) -> Outcome:
    """The connection was lost before anything of the body had left."""
    return Outcome(
        state=State.FAILED,
        reason=say("no connection, so nothing was sent ({cause})", cause=cause),
        detail=_lost_detail(cause, transient=True),
    )


def lost_after(cause: str) -> Outcome:
    """The connection was lost when the body had begun to leave."""
    return Outcome(
        state=State.IN_DOUBT,
        reason=say("the connection was lost after the mail was handed over ({cause})", cause=cause),
        detail=_lost_detail(cause, transient=False),
    )


def _wants_login(host: str, answer: Answer) -> LoginRefused:
    # Every mail would fare alike.
    return LoginRefused(
        say("{host} wants a login: {answer}", host=host, answer=answer),
        hint=say("set email.smtp.user and email.smtp.password"),
    )


def _refused_here(kind: AnswerClass, reason: str) -> Outcome:
    detail = {"code": None, "text": "", "class": kind.value, "transient": False}
    return Outcome(state=State.FAILED, reason=reason, detail=detail)


def _refused_reason(answers: dict[str, Answer]) -> str:
    return "; ".join(
        say("{address} was refused: {answer}", address=address, answer=answer)
        for address, answer in answers.items()
    )


def _refused_detail(answers: dict[str, Answer]) -> dict[str, Any]:
    return {
        "refused": {address: [answer.code, answer.text] for address, answer in answers.items()},
        "refused_class": {address: answer.kind.value for address, answer in answers.items()},
    }


def _lost_detail(cause: str, *, transient: bool) -> dict[str, Any]:
    kind = AnswerClass.CONNECTION_LOST.value
    return {"code": None, "text": cause, "class": kind, "transient": transient}
