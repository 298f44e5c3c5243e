"""Many recipients: the memory and the time of planning, sending, and sending again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from announce.measuring.campaign import CAMPAIGN
from suite.measure import Failed, Taken, run
from suite.peers import ALL, Ground
from suite.rounds import TIMEOUT
from suite.sinks import OpenSink
from suite.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command over one project: `plan`, `send`, `plan again`, `send again`."""

    people: int
    name: str
    taken: Taken


def steps(
    tools: Tools, open_sink: OpenSink, *, folder: Path, sizes: Sequence[int], again: bool
) -> Iterator[Step]:
    """For each size of the audience: plan, send, and both of them again where wanted.

    Failed where a command does, or where not everybody was served exactly once.
    """
    for people in sizes:
        place = folder / f"{people}"
        place.mkdir(parents=True)
        try:
            with open_sink() as sink:
                ground = Ground(folder=place, port=sink.port, people=people)
                send = ALL[0].lay(tools, ground)
                root = str(send.folder)
                plan = [*tools.announce, "--project", root, "plan", f"{root}/{CAMPAIGN}"]
                for name in ("plan", "send", *(("plan again", "send again") if again else ())):
                    words = plan if name.startswith("plan") else send.words
                    taken = run(words, folder=send.folder, env=send.env, timeout=TIMEOUT)
                    yield Step(people=people, name=name, taken=taken)
                if (arrived := sink.mails()) != people:
                    raise Failed(f"{arrived} of {people} messages arrived")
        finally:
            shutil.rmtree(place)
