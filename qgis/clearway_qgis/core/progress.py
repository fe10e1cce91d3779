"""What the program says on stderr while it works, and one percentage made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """How far a step is."""

    name: str
    done: int
    total: int
    note: str = ""
    is_over: bool = False

    @property
    def share(self) -> float:
        """0 to 1."""
        if self.is_over or self.total <= 0:
            return 1.0 if self.is_over else 0.0
        return min(1.0, max(0.0, self.done / self.total))


@dataclass(frozen=True)
class Note:
    """A word on how it goes."""

    text: str


@dataclass(frozen=True)
class Warned:
    """A warning."""

    text: str


@dataclass(frozen=True)
class Other:
    """Any other line: a part of an error, or what a library says."""

    text: str


def parse(line: str) -> Step | Note | Warned | Other | None:
    """One line of stderr; `None` for an empty one."""
    line = line.rstrip()
    if not line:
        return None
    if line.startswith("{"):
        told = _object(line)
        if told is not None:
            return told
    if line.startswith("warning: "):
        return Warned(line[len("warning: ") :])
    return Other(line)


def _object(line: str) -> Step | Note | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    note = told.get("note", "")
    if isinstance(told.get("step"), str):
        try:
            done, total = int(told["done"]), int(told["total"])
        except (KeyError, TypeError, ValueError):
            return None
        return Step(told["step"], done, total, str(note), "seconds" in told)
    return Note(note) if isinstance(note, str) and note else None


#: Steps in the order in which they come, with their usual share of the time. A search for plans takes as long as it
#: is told to, whatever the rest takes: its share is a guess.
STEPS = [
    ("check layers", 6),
    ("proximity", 6),
    ("count", 6),
    ("hazard", 4),
    ("survey", 4),
    ("exposure", 20),
    ("priority", 20),
    ("refine", 6),
    ("rank", 14),
    ("acceptability", 20),
    ("write", 4),
    ("select", 4),
    ("tasks", 8),
    ("sampled worths", 4),
    ("plan", 60),
    ("what-if", 30),
]
#: The last step that a command comes to.
LAST = {"check": "check layers", "score": "write", "tasks": "tasks", "plan": "what-if", "run": "what-if"}


class Overall:
    """One percentage for a whole command; it never goes back.

    A step that is skipped counts as done when a later one begins. Commands that go through all steps again and again
    (`batch`) have no whole: each step is shown by itself.
    """

    def __init__(self, command: str) -> None:
        names = [name for name, _ in STEPS]
        last = LAST.get(command)
        self._steps = None if last is None else STEPS[: names.index(last) + 1]
        self._percent = 0.0

    def take(self, step: Step) -> float:
        """The percentage after a step has said how far it is."""
        if self._steps is None:
            return 100.0 * step.share
        whole = sum(weight for _, weight in self._steps)
        before = 0.0
        for name, weight in self._steps:
            if name == step.name:
                self._percent = max(self._percent, 100.0 * (before + weight * step.share) / whole)
                break
            before += weight
        return self._percent
