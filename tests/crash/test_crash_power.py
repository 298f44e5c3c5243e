"""A machine that restarted: what a run had claimed there is in doubt, all of it."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from crash_support import CONNECTIONS, HANG, TWO_BATCHES, MakeCase, Traces


def test_after_a_restart_all_that_was_claimed_is_in_doubt(
    make_case: MakeCase, tmp_path: Path
) -> None:
    """The marks of hand-overs may have been lost with the power, so nothing claimed is sent."""
    case = make_case(2 * TWO_BATCHES)
    attempt = case.start()
    with case.sink.asking("until", mails=20) as reached:
        assert not attempt.ends_before(HANG, reached), attempt.end()
    case.sink.ask("hold")
    handed = set(case.sink.ask("withheld", mails=CONNECTIONS))
    attempt.signal_all(signal.SIGKILL)
    attempt.end()
    attempt.all_gone()
    case.sink.ask("release")
    claimed = Traces.of(case.ledger, tmp_path / "copy").claimed
    with closing(sqlite3.connect(case.ledger)) as ledger, ledger:
        # The ledger asks the kernel for its boot, and no test can boot: the run changes instead.
        ledger.execute("UPDATE runs SET boot = 'the one before' WHERE ended_at IS NULL")

    again = case.send()

    states = {key: one["state"] for key, one in case.log.items()}
    assert again.code == 1
    assert handed < claimed < set(case.people)
    assert states == {key: "in_doubt" if key in claimed else "sent" for key in case.people}
    assert case.taken == dict.fromkeys(set(case.people) - (claimed - handed), 1)
