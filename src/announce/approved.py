"""Whether what is to be sent is what was approved."""

from __future__ import annotations

from dataclasses import dataclass

from announce.approving import counted, digest_of_content, ways_of
from announce.comparing import Comparison
from announce.covering import campaign_of, covered
from announce.errors import GateError
from announce.model.approval import EVERY, Approval, ApprovalRule
from announce.preparing import Prepared
from announce.reading.approvals import read_approvals
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the campaign stands with its approvals: those that hold, and why it must not be sent."""

    holding: tuple[Approval, ...] = ()
    others: tuple[Approval, ...] = ()
    refusal: GateError | None = None
    notes: tuple[str, ...] = ()


def verdict(prepared: Prepared) -> Verdict:
    """Whether enough people have approved what would be sent. InputError where a file of an
    approval is at fault."""
    campaign, plan = prepared.gathered.campaign, prepared.plan
    found = [
        one
        for one in read_approvals(prepared.gathered.project, plan.campaign)
        if one.occurrence in (plan.occurrence, EVERY)
    ]
    holding = tuple(one for one in found if holds(one, prepared))
    others = tuple(one for one in found if one not in holding)
    rule = campaign.approvals
    if rule is None:
        return Verdict(holding=holding, others=others)
    counting = {one.who for one in holding if not _excluded(one, rule, campaign.author)}
    if len(counting) >= rule.by:
        return Verdict(holding=holding, others=others)
    return Verdict(
        holding=holding,
        others=others,
        refusal=_refusal(prepared, rule, holding, others, len(counting)),
    )


def holds(approval: Approval, prepared: Prepared) -> bool:
    """Whether an approval is of what would be sent now."""
    plan = prepared.plan
    if approval.ways != ways_of(campaign_of(approval, prepared)):
        return False
    if approval.covers == "content":
        number = sum(counted(prepared).values())
        same = approval.words == digest_of_content(covered(approval.occurrence, prepared))
        return same and approval.most is not None and number <= approval.most
    return approval.digest == plan.digest or _only_fewer(approval, prepared)


def _excluded(approval: Approval, rule: ApprovalRule, author: str | None) -> bool:
    if rule.not_ is None:
        return False
    names = [author or ""] if rule.not_ == "author" else rule.not_
    return approval.who in {" ".join(name.split()).casefold() for name in names}


def _refusal(
    prepared: Prepared,
    rule: ApprovalRule,
    holding: tuple[Approval, ...],
    others: tuple[Approval, ...],
    counting: int,
) -> GateError:
    file = prepared.place.file
    hint = say("look at it (announce preview), then: announce approve {file} --by NAME", file=file)
    if prepared.gathered.campaign.schedule:
        hint = say(
            "look at it (announce preview), then: announce approve {file} --by NAME --content "
            "--max NUMBER, for all its occurrences, or --occurrence {name}, for this one",
            file=file,
            name=prepared.plan.occurrence,
        )
    if holding:
        names = say(", ").join(one.by for one in holding)
        if len({one.who for one in holding}) > counting:
            message = say(
                "{n} of {needed} approvals are there ({names}; an author's does not count)",
                n=counting, needed=rule.by, names=names,
            )  # fmt: skip
        else:
            message = say(
                "{n} of {needed} approvals are there ({names})",
                n=counting, needed=rule.by, names=names,
            )  # fmt: skip
        return GateError(message, hint=hint)
    if not others:
        return GateError(say("this campaign needs an approval, and has none"), hint=hint)
    newest = others[-1]
    lines = Comparison(newest, prepared).told()
    return GateError(
        say(
            "this is not what {name} approved on {when}:\n    {differences}",
            name=newest.by,
            when=f"{newest.when:%Y-%m-%d %H:%M}",
            differences="\n    ".join(lines),
        ),
        hint=say("undo the change, or have it approved anew: announce approve"),
    )


def _only_fewer(approval: Approval, prepared: Prepared) -> bool:
    """Whether all that differs is that some are not written to any more, being suppressed."""
    found = Comparison(approval, prepared)
    return found.can_name and bool(found.suppressed) and not (
        found.new or found.gone or found.moved or found.changed
    )  # fmt: skip
