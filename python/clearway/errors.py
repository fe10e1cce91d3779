"""What goes wrong, with the words of the command line: what was expected, what was found, where, and how to mend it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing asked or given wrongly."""

    code: str
    """A stable short name, such as ``layer.crs_differs`` (docs/guide, troubleshooting)."""
    place: str
    """Where: the file, and the key, row or feature in it; or the layer or argument."""
    expected: str
    """What was expected."""
    found: str
    """What was found instead."""
    fix: str
    """How to mend it."""
    source: str | None = None
    """The file whose line the fault speaks of, where that is known."""
    line: int | None = None
    """Its line, from 1."""
    column: int | None = None
    """The column in it, from 1."""
    text: str | None = None
    """The line itself."""

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, found {self.found}; {self.fix} [{self.code}]"


class ClearwayError(Exception):
    """Whatever Clearway refuses or cannot do. Its text is that of the command line.

    ``faults`` holds all faults of the input, found together before any work; it is empty where a file could not be
    read or written, or a device failed. ``exit_code`` is the command line's: 2 for faults, else 1.
    """

    faults: tuple[Fault, ...]
    exit_code: int

    def __init__(self, message: str, faults: tuple[Fault, ...] = (), exit_code: int = 1) -> None:
        super().__init__(message)
        self.faults = faults
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions travel between processes by their constructor's arguments.
        return type(self), (str(self), self.faults, self.exit_code)


class Interrupted(ClearwayError):
    """A progress callback asked to stop, and there was nothing whole to give back."""


def fault(code: str, place: str, expected: str, found: str, fix: str) -> ClearwayError:
    """The error of a single fault."""
    told = Fault(code, place, expected, found, fix)
    return ClearwayError(str(told), (told,), 2)


def of_json(text: str) -> ClearwayError:
    """The error that the library tells as JSON."""
    told = json.loads(text)
    return ClearwayError(told["error"], tuple(Fault(**each) for each in told["faults"]), told["exit_code"])


def interrupted(text: str) -> Interrupted:
    """The same where the work was stopped."""
    return Interrupted(json.loads(text)["error"])
