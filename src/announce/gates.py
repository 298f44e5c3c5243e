"""Gates: what must hold before anything leaves, beyond faultless input. Each says no with exit 3,
but a ledger behind its witnesses, which is the machine's fault (exit 4).

A rehearsal reports its gates without enforcing them.
"""

from __future__ import annotations

from contextlib import closing

from announce.checks.figures import unmet
from announce.content import changes
from announce.dispatch import Options
from announce.errors import GateError
from announce.ledger.lineage import verify
from announce.ledger.marks import state_folder
from announce.model.delivery import Channel
from announce.outlets import open_ledger_of
from announce.preparing import Prepared
from announce.texts import say


def check_gates(prepared: Prepared, options: Options) -> None:
    """Raise the first gate that says no; a rehearsed channel only has gates on its own ledger."""
    real = [channel for channel in prepared.channels if channel not in prepared.plan.sandboxed]
    campaign = prepared.gathered.campaign
    wrong = unmet(campaign, prepared.gathered.audience, prepared.place)
    if wrong:
        raise GateError(wrong[0].message, hint=wrong[0].hint)
    if real and campaign.approval == "required":
        raise GateError(
            say("this campaign needs an approval, and has none"),
            hint=say("this version cannot record approvals: remove `approval: required` to send"),
        )
    for channel in prepared.channels:
        _ledger_gates(prepared, options, channel, real=channel in real)


def _ledger_gates(prepared: Prepared, options: Options, channel: Channel, *, real: bool) -> None:
    plan, project = prepared.plan, prepared.gathered.project
    with closing(open_ledger_of(project, channel)) as ledger:
        if real:
            verify(ledger, project.root, state_folder())
        stored = ledger.content(plan.campaign, plan.occurrence)
        moved = ledger.moved_addresses(
            plan.campaign,
            plan.occurrence,
            channel,
            [line.delivery for line in plan.lines if line.delivery.key.channel == channel],
        )
    if moved:
        address, old, new = moved[0]
        raise GateError(
            say(
                "{address} was served under the key {old} and would be written to again as {new}",
                address=address,
                old=old.recipient,
                new=new.recipient,
            ),
            hint=say("give the row its old key back; {n} such rows in all", n=len(moved)),
        )
    if stored is None or options.changed:
        return
    differences = changes(stored, plan.content)
    if differences:
        raise GateError(
            say(
                "the content changed after the first messages left:\n    {differences}",
                differences="\n    ".join(differences),
            ),
            hint=say(
                "undo the change, or add --changed: then those not yet served get the new words"
            ),
        )
