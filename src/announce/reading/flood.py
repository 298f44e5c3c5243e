"""A file with a great many faults tells the first hundred and counts the rest."""

from __future__ import annotations

from announce.problems import Place, Problem, Severity, errors_in
from announce.texts import say

MAX_PROBLEMS = 100


def capped(problems: list[Problem], shown: str, *, more: int = 0) -> list[Problem]:
    """At most MAX_PROBLEMS, errors before warnings, and one more that counts the others.

    `more` is how many were counted already and are not among them.
    """
    if len(problems) + more <= MAX_PROBLEMS:
        return problems
    errors = errors_in(problems)
    doubts = [problem for problem in problems if not problem.is_error]
    kept = sorted([*errors, *doubts][:MAX_PROBLEMS], key=lambda problem: problem.place.line or 0)
    rest = Problem(
        code="more-problems",
        place=Place(file=shown),
        severity=Severity.ERROR if errors else Severity.WARNING,
        message=say("and {n} more problems in this file", n=len(problems) - MAX_PROBLEMS + more),
        hint=say("mend those above first; the same cause is often behind all"),
    )
    return [*kept, rest]
