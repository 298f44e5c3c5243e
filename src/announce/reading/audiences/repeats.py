"""People named again: written to once; and keys that name different things: refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from announce.model.audience import Recipient
from announce.problems import Problem, Severity
from announce.texts import say


@dataclass(slots=True, kw_only=True)
class Repeats:
    """Keeps the first of each recipient. `strict` where a second row may be a second message."""

    strict: bool
    kept: dict[str, Recipient] = field(default_factory=dict)
    repeated: list[Recipient] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, recipient: Recipient) -> None:
        """Keep the recipient, or count it as repeated, or tell that its key is taken."""
        first = self.kept.setdefault(recipient.key, recipient)
        if first is recipient:
            return
        if _identities(first) != _identities(recipient):
            self.problems.append(_key_taken(first, recipient))
            return
        self.repeated.append(recipient)
        if differing := [
            name for name, cell in recipient.fields.items() if first.fields.get(name) != cell
        ]:
            self.problems.append(self._differs(first, recipient, differing))

    def _differs(self, first: Recipient, again: Recipient, columns: list[str]) -> Problem:
        problem = Problem(
            code="row-differs",
            place=again.place,
            message=say(
                '"{key}" stands in line {line} already, with another {columns}',
                key=again.key,
                line=first.place.line,
                columns=", ".join(columns[:5]),
            ),
            hint=say("if each row is a message of its own, give each a key; else remove one row"),
        )
        return problem if self.strict else replace(problem, severity=Severity.WARNING)


def _identities(recipient: Recipient) -> set[str]:
    return {address.identity for address in recipient.addresses}


def _key_taken(first: Recipient, again: Recipient) -> Problem:
    return Problem(
        code="key-repeated",
        place=again.place,
        message=say(
            'the key "{key}" names other addresses in line {line}',
            key=again.key,
            line=first.place.line,
        ),
        hint=say(
            "give each row a key of its own, or write all addresses into one row, separated by ;"
        ),
    )
