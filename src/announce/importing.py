"""Late imports: a module that only one way through the program needs is imported on that way."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Around imports of much: without the garbage collector, which would look through the same
    modules again and again (a tenth of the time) though they stay to the end.

    What is there afterwards it never looks through. Nothing is done where all was imported
    before. For the main thread.
    """
    known, collects = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        if collects:
            gc.enable()
