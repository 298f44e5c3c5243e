"""What the first page tells beside the plan: the steps above know it, and hand it over."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from announce.model.plan import Plan, Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One person's approval: who, when, and whether it is of what would be sent now."""

    by: str
    when: str
    note: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A plan with what else a committee asks.

    `title` is the campaign's, `file` how commands name it. `due` is when its schedule sends it, ""
    where it has none. `forecast` says when the last mail
    goes, "" where nothing makes any wait. `refusal` is why the approvals are not enough, "" where
    they are or none is asked for. `kind_of` gives the class of a line and its mail's shape,
    `outline` the text of a shape with names in place of values. `sign` stands for all that an
    approval is of.
    """

    plan: Plan
    title: str
    file: str
    now: datetime
    due: str
    forecast: str
    approvals: tuple[Standing, ...]
    asks: bool
    refusal: str
    sign: str
    kind_of: Callable[[Planned], tuple[str, Hashable | None]]
    outline: Callable[[Hashable], str]
