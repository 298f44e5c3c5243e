"""A correction: a campaign to exactly those whom another one reached.

Nothing is sent: the campaign has a fault until somebody has said what was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from announce.errors import InputError
from announce.gathering import Gathered
from announce.model.delivery import Delivery
from announce.sequels import REACHED, Begun, Sequel, begin_sequel, original_title
from announce.texts import say


def begin_correction(gathered: Gathered, rows: Iterable[Delivery]) -> Begun:
    """Write the files of a correction to those whom these deliveries reached.

    InputError where nobody was reached, or a correction is there already; MachineError where a
    file cannot be written.
    """
    project, campaign = gathered.project, gathered.campaign
    reached = [row for row in rows if row.state in REACHED]
    if not reached:
        raise InputError(
            say("{campaign} reached nobody: there is nothing to correct", campaign=campaign.id),
            hint=say("mend it, then send it"),
        )
    blank = ", ".join(f"{one}: " for one in project.languages)
    sequel = Sequel(
        what="correction",
        kind="correction",
        facts=(
            f"original: {original_title(project, campaign)}",
            f"correction: {{{blank}}}   # fill in",
        ),
        about=(
            f"A correction to those whom {campaign.id} reached, and to nobody else.",
            "Say below what is right, in both languages; then look at it: announce preview.",
        ),
    )
    return begin_sequel(gathered, reached, sequel)
