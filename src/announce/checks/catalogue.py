"""The catalogue of checks: what each code means, how bad it is, and how it is mended.

It is `data/checks.yaml`. A project may set another severity for a code (`checks:` in
announce.yaml), or `off`; a campaign may silence a single finding with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from announce.problems import Place, Problem, Severity
from announce.texts import spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One code: its family, how bad a finding is by default, why it is looked for, and the mend
    that is told where a finding has none of its own; both by language."""

    code: str
    family: str
    severity: Severity
    reason: Mapping[str, str]
    mend: Mapping[str, str]


@cache
def checks() -> Mapping[str, Check]:
    """All checks by code, in the order of the data file."""
    text = (files("announce") / "data" / "checks.yaml").read_text(encoding="utf-8")
    return {
        code: Check(
            code=code,
            family=entry["family"],
            severity=Severity(entry["severity"]),
            reason=entry["reason"],
            mend=entry["mend"],
        )
        for code, entry in yaml.safe_load(text).items()
    }


def finding(code: str, place: Place, message: str, hint: str = "") -> Problem:
    """A finding of a check, as bad as its code is by default; without a hint its code's mend."""
    check = checks()[code]
    return Problem(
        code=code,
        severity=check.severity,
        place=place,
        message=message,
        hint=hint or check.mend[spoken()],
    )
