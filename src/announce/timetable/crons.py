"""Cron expressions, as cronsim reads them: Debian's rules, also when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from announce.texts import say

_FIELDS = 5


def cron_fault(text: str) -> str:
    """What is wrong with a cron expression; "" where nothing is."""
    fields = text.split()
    if text.strip().startswith("@"):
        return say("names such as @daily are not read")
    if len(fields) != _FIELDS:
        return say("it has {n} fields, not five", n=len(fields))
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error)
    except StopIteration:
        return say("no day is ever like that")
    return ""
