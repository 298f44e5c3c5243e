"""Where the command starts: the interface's language first, then the command itself."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

_COLLECT_AFTER = 50_000  # objects more than before


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:]
    # What comes and goes with each mail has no cycles: to look it through again and again is a
    # twentieth of the time.
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    # Before anything that speaks is imported: click's help texts are read at import.
    from announce.texts import choose_interface, speak

    speak(choose_interface(_asked_interface(arguments)))
    from announce.cli.app import run

    sys.exit(run(arguments))


def _asked_interface(arguments: Sequence[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument.startswith("--ui="):
            return argument.removeprefix("--ui=")
        if argument == "--ui" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None


if __name__ == "__main__":
    main()
