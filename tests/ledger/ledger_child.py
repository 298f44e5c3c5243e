"""A process of its own for the crash tests: obeys the lines on its standard input.

Each line is a word and its arguments; each answer is a line. It ends when its input does, or is
killed.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from announce.ledger import open_ledger
from announce.ledger.base import HeldByAnother
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State

NOW = datetime.fromisoformat("2025-01-06T12:00:00+00:00")
URL = "sqlite:///.announce/ledger.sqlite3"


def main(root: str) -> None:
    """Obey until there is nothing more to obey."""
    ledger = open_ledger(URL, Path(root), create=True)
    run = None
    for order in sys.stdin:
        word, *arguments = order.split()
        keys = [DeliveryKey("cfp", "once", "email", name) for name in arguments]
        if word == "begin":
            try:
                run = ledger.begin("cfp", "once", NOW)
            except HeldByAnother:
                tell("held")
                continue
        assert run is not None
        if word == "lay":
            plan = [Delivery(key=key, language="zh", to=("a@example.org",)) for key in keys]
            run.lay(plan, {}, NOW)
        elif word == "claim":
            tell(*(one.key.recipient for one in run.claim(int(arguments[0]), NOW)))
            continue
        elif word == "hand":
            run.handed_over(keys[0], NOW)
        elif word == "record":
            run.record(keys[0], Outcome(state=State.SENT), NOW)
        elif word == "go":
            while claimed := run.claim(5, NOW):
                for one in claimed:
                    tell("offering", one.key.recipient)
                    run.handed_over(one.key, NOW)
                    tell("wire", one.key.recipient)
                    run.record(one.key, Outcome(state=State.SENT), NOW)
        tell("done")


def tell(*words: str) -> None:
    """Answer with one line, at once."""
    print(*words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
