"""What a template can do wrong: a fault without its place, and with it."""

from __future__ import annotations

from announce.problems import Place, Problem
from announce.texts import say


class TemplateTrouble(Exception):
    """A fault found while a template runs, before its place is known; never leaves the room."""

    def __init__(self, code: str, message: str, hint: str = "", *, near: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.near = near  # text of the template by which its line can be found


class TemplateFault(Exception):
    """A template that cannot be rendered: `problem` says where, why, and how to mend it.

    `what` is the cause without the recipient for whom it was found.
    """

    def __init__(self, problem: Problem, what: str = "") -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.what = what or problem.message


def fault(trouble: TemplateTrouble, place: Place, *, whom: str = "") -> TemplateFault:
    """The trouble with its place, and the key of the recipient it was rendered for."""
    message = trouble.message
    if whom:
        message = say("{message} (rendered for {key})", message=message, key=whom)
    return TemplateFault(
        Problem(code=trouble.code, place=place, message=message, hint=trouble.hint),
        trouble.message,
    )
