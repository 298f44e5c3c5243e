"""Starts one command and tells what it took. To be run as `python -I -S launcher.py REPORT …`.

A process of its own, and a small one: Linux counts into a child's peak memory what its parent
had when it forked, and the benchmark itself is larger than some of those it measures.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

EVERY = 0.25  # seconds between two looks at the memory of several processes


def main(report: str, command: list[str]) -> None:
    """Run the command; its figures go into the file `report` as JSON."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    together = [0]
    threading.Thread(target=watch, args=(child, together), daemon=True).start()
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - began
    figures = {
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": max(usage.ru_maxrss * 1024, together[0]),
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is not small
        json.dump(figures, file)


def watch(child: int, together: list[int]) -> None:
    """Keep the largest memory that the child and its children had together, shared pages once."""
    while True:
        time.sleep(EVERY)
        family = descendants(child)
        if len(family) > 1:
            together[0] = max(together[0], sum(memory(one) for one in family))


def descendants(process: int) -> list[int]:
    """The process and all below it."""
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:  # noqa: PTH123
            children = [int(one) for one in file.read().split()]
    except OSError:
        return []
    return [process, *(one for child in children for one in descendants(child))]


def memory(process: int) -> int:
    """Its proportional share of memory in bytes; 0 where it has gone."""
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123
            found = [line.split()[1] for line in file if line.startswith("Pss:")]
    except OSError:
        return 0
    return 1024 * int(found[0]) if found else 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
