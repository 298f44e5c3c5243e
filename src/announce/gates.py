"""Gates: what must hold before anything leaves, beyond faultless input. Each says no with exit 3,
but a ledger behind its witnesses, which is the machine's fault (exit 4).

A rehearsal tells what the gates of a real send would say, and goes on; only the figures of
`expect` stop it too, for they judge the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from announce.approved import verdict
from announce.checks.figures import unmet
from announce.content import changes
from announce.dispatch import Options
from announce.errors import AnnounceError, GateError, MachineError
from announce.ledger.lineage import verify
from announce.ledger.marks import state_folder
from announce.model.delivery import Channel, DeliveryKey
from announce.model.project import Project
from announce.outlets import open_ledger_of
from announce.preparing import Prepared
from announce.problems import Problem, Severity
from announce.texts import say, say_n


def check_gates(prepared: Prepared, options: Options) -> list[str]:
    """Raise for the first gate that says no; what the gates of rehearsed channels would say."""
    told = []
    for channels, refusal in _refusals(prepared, options):
        if not channels or set(channels) - prepared.plan.sandboxed:
            raise refusal
        told.append(say("A real send would be refused: {reason}", reason=refusal.message))
    return list(dict.fromkeys(told))


def refusals(prepared: Prepared, options: Options) -> list[Problem]:
    """What `send` would be refused for, as problems to tell before anyone tries; of a rehearsal,
    what a real one would be."""
    found = []
    for channels, refusal in _refusals(prepared, options):
        rehearsed = channels and not set(channels) - prepared.plan.sandboxed
        text = say("a real send would be refused") if rehearsed else say("a send would be refused")
        found.append(
            Problem(
                code="gate",
                severity=Severity.WARNING,
                place=prepared.place,
                message=say("{what}: {reason}", what=text, reason=refusal.message),
                hint=refusal.hint,
            )
        )
    return list(dict.fromkeys(found))


def _refusals(
    prepared: Prepared, options: Options
) -> Iterator[tuple[list[Channel], AnnounceError]]:
    """Every gate that says no, with the channels it guards; none: it guards rehearsals too."""
    campaign = prepared.gathered.campaign
    for problem in unmet(campaign, prepared.gathered.audience, prepared.place):
        yield [], GateError(problem.message, hint=problem.hint)
    if campaign.approvals and (unapproved := verdict(prepared).refusal):
        yield prepared.channels, unapproved
    channels = [one for one in prepared.channels if options.channel in (None, one)]
    real = [channel for channel in channels if channel not in prepared.plan.sandboxed]
    # Real channels share a ledger: its witnesses are read once.
    behind = _behind(prepared.gathered.project, real[0]) if real else None
    for channel in channels:
        if behind is not None and channel in real:
            yield [channel], behind
        for refusal in _ledger_gates(prepared, options, channel):
            yield [channel], refusal


def _behind(project: Project, channel: Channel) -> MachineError | None:
    """What a witness knows and the ledger does not."""
    with closing(open_ledger_of(project, channel)) as ledger:
        try:
            verify(ledger, project.root, state_folder())
        except MachineError as behind:
            return behind
    return None


def _ledger_gates(
    prepared: Prepared, options: Options, channel: Channel
) -> Iterator[AnnounceError]:
    plan, project = prepared.plan, prepared.gathered.project
    with closing(open_ledger_of(project, channel)) as ledger:
        stored = ledger.content(plan.campaign, plan.occurrence)
        moved = ledger.moved_addresses(
            plan.campaign,
            plan.occurrence,
            channel,
            (line.delivery for line in plan.lines if line.delivery.key.channel == channel),
            has=lambda key: plan.lines.find(key) is not None,
        )
    if moved:
        yield _moved(moved)
    if stored is not None and not options.changed and (lines := changes(stored, plan.content)):
        yield GateError(
            say(
                "the content changed after the first messages left:\n    {differences}",
                differences="\n    ".join(lines),
            ),
            hint=say(
                "undo the change, or add --changed: then those not yet served get the new words"
            ),
        )


def _moved(moved: list[tuple[str, DeliveryKey, DeliveryKey]]) -> GateError:
    address, old, new = moved[0]
    return GateError(
        say(
            "{address} was served under the key {old} and would be written to again as {new}",
            address=address,
            old=old.recipient,
            new=new.recipient,
        ),
        hint=say_n(
            "give the row its old key back; it is {n} row",
            "give the row its old key back; it is {n} such rows",
            len(moved),
        ),
    )
