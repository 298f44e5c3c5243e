"""A correction: a campaign to exactly those whom another one reached.

Nothing is sent: the campaign has a fault until somebody has said what was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from announce.errors import InputError
from announce.gathering import Gathered
from announce.model.delivery import Delivery
from announce.model.languages import Language
from announce.sequels import REACHED, Begun, Sequel, begin_sequel, original_title
from announce.texts import say

_TEMPLATES: Mapping[Language, str] = {
    "zh": """---
subject: "更正：{{ facts.original }}"
preheader: "请以本次更正为准"
article: {title: "更正：{{ facts.original | cut(28) }}"}
---
{% if channel == "email" %}
{% if recipient.name %}
{{ recipient.name }}，您好！
{% else %}
您好！
{% endif %}
{% endif %}

此前的“{{ facts.original }}”有误，现更正如下：

**{{ facts.correction }}**

请以此为准。给您带来不便，谨致歉意。

{{ sender.name }}
""",
    "en": """---
subject: "Correction: {{ facts.original }}"
preheader: "Please go by this correction"
article: {title: "Correction: {{ facts.original | cut(20) }}"}
---
{% if channel == "email" %}
{% if recipient.name %}
Dear {{ recipient.name }},
{% else %}
Dear colleague,
{% endif %}
{% endif %}

Our message “{{ facts.original }}” was wrong. The correction:

**{{ facts.correction }}**

Please go by this one. We apologise for the confusion.

{{ sender.name }}
""",
}


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
        templates=_TEMPLATES,
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
