"""`--to-self`: marked samples, one of each shape and language, without touching any delivery."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime

from announce.dispatch import Options
from announce.errors import InputError, MachineError
from announce.model.audience import Address
from announce.model.delivery import DeliveryKey, State
from announce.model.message import Mail
from announce.model.plan import Planned
from announce.outlets import open_outlets
from announce.planning import variant_of
from announce.preparing import Prepared
from announce.reading.addresses import AddressFault, read_address
from announce.texts import say


def send_samples(
    prepared: Prepared, options: Options, address: str, now: Callable[[], datetime]
) -> int:
    """Send one mail of each shape and language to `address`; how many were sent.

    Each says in its subject that it is a sample and for whom the original is. Their
    Message-IDs are new: a sample must never fold with the real mail.
    """
    to = _address(address)
    lines = _one_of_each(prepared, options)
    if not lines:
        raise InputError(
            say("there is no mail to make a sample of"),
            hint=say("samples are mails: leave out --channel wechat, and look at `announce plan`"),
        )
    with (
        open_outlets(prepared.gathered.project, ["email"], now) as [outlet],
        outlet.open() as transport,
    ):
        for line in lines:
            mail = prepared.composer.compose(line)
            assert isinstance(mail, Mail)
            key = DeliveryKey(
                prepared.plan.campaign, "sample", "email", line.delivery.key.recipient
            )
            outcome = transport.deliver(
                _marked(mail, to, key.recipient), key, _fresh_id(mail), _nothing
            )
            if outcome.state is not State.SENT:
                raise MachineError(
                    say("the sample was refused: {reason}", reason=outcome.reason),
                    hint=say("mend what the answer names, then try again"),
                )
    return len(lines)


def _one_of_each(prepared: Prepared, options: Options) -> list[Planned]:
    shapes: dict[tuple[str | None, str, Hashable], Planned] = {}
    for line in prepared.plan.lines:
        skipped = line.delivery.state is State.SKIPPED
        if line.recipient is not None and not skipped and options.wants(line):
            variant = variant_of(prepared.gathered.campaign, line.recipient)
            shape = prepared.composer.shape(line)
            shapes.setdefault((variant, line.delivery.language, shape), line)
    return list(shapes.values())[: options.limit]


def _marked(mail: Mail, to: Address, key: str) -> Mail:
    mark = f"【样例 · {key}】" if mail.languages[0] == "zh" else f"[Sample for {key}] "
    return replace(mail, subject=mark + mail.subject, to=(to,))


def _fresh_id(mail: Mail) -> str:
    return f"<{uuid.uuid4().hex}@{mail.sender.spec.rpartition('@')[2]}>"


def _nothing() -> None:
    """A sample has no delivery to mark as handed over."""


def _address(text: str) -> Address:
    try:
        address, _ = read_address(text)
    except AddressFault as fault:
        raise InputError(str(fault), hint=fault.hint) from fault
    return address
