"""Days and months as the platform counts them: in Shanghai."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

# China has had no summer time since 1991.
_SHANGHAI = timezone(timedelta(hours=8))


def local(at: float) -> datetime:
    """A moment on the platform's clock."""
    return datetime.fromtimestamp(at, _SHANGHAI)


def day(at: float) -> str:
    """The day of a moment, `2026-11-23`."""
    return f"{local(at):%Y-%m-%d}"


def month(at: float) -> str:
    """The month of a moment, `2026-11`."""
    return f"{local(at):%Y-%m}"


def minute(at: float) -> str:
    """The minute of a moment, `2026-11-23T09:30`."""
    return f"{local(at):%Y-%m-%dT%H:%M}"


def start_of_day(at: float) -> float:
    """When the day of a moment began."""
    return local(at).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def start_of_month(at: float) -> float:
    """When the month of a moment began."""
    found = local(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return found.timestamp()


def utc(at: float) -> datetime:
    """A moment as a datetime."""
    return datetime.fromtimestamp(at, UTC)
