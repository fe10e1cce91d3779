"""How far a long step is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Progress(NamedTuple):
    """What a progress callback is told, from the calling thread and at most ten times a second for one step."""

    stage: str
    """The step's name: ``"exposure"``, ``"search"`` and so on; empty before the first."""
    done: int
    """Units of its work that are done."""
    total: int
    """Units of its work in all; 0 where that is not known."""
    note: str | None
    """A word on how it goes, such as ``"best 1234, bound 1300, gap 5 %"``."""


Callback = Callable[[Progress], object]
"""Called with a `Progress`. Returning ``False`` stops the work; an exception stops it and is raised."""


def native(callback: Callback | None) -> Callable[[str, int, int, str | None], object] | None:
    """The callback as the extension module calls it."""
    if callback is None:
        return None
    return lambda stage, done, total, note: callback(Progress(stage, done, total, note))
