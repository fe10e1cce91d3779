"""Command lines of the program."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Work:
    """Where results go and how they are computed: the options that `run`, `score`, `tasks`, `plan`, `batch` share."""

    out: str
    overwrite: bool = False
    #: Whether to go on from what an interrupted run into the same folder has finished.
    resume: bool = False
    backend: str = "auto"
    #: GiB that tiles and planes may take; `None` for the program's own default.
    memory_gib: float | None = None
    seed: int | None = None
    #: `key=value` texts laid over the project file.
    overrides: list[str] = field(default_factory=list)

    def arguments(self) -> list[str]:
        """As words of a command line."""
        words = ["--out", self.out, "--backend", self.backend]
        if self.overwrite:
            words.append("--overwrite")
        if self.resume:
            words.append("--resume")
        if self.memory_gib is not None:
            words += ["--memory", f"{self.memory_gib:g}GiB"]
        if self.seed is not None:
            words += ["--seed", str(self.seed)]
        for override in self.overrides:
            words += ["--set", override]
        return words


@dataclass
class Search:
    """How long to look for a better plan."""

    seconds: float | None = None
    iterations: int | None = None

    def arguments(self) -> list[str]:
        """As words of a command line."""
        words: list[str] = []
        if self.seconds is not None:
            words += ["--seconds", f"{self.seconds:g}"]
        if self.iterations is not None:
            words += ["--iterations", str(self.iterations)]
        return words


def command(program: Path, name: str, arguments: list[str], *, has_work: bool = True) -> list[str]:
    """The whole command: progress and answer are for a program. `has_work` tells commands that take a while from
    those that only look."""
    progress = ["--progress", "json"] if has_work else ["--quiet"]
    return [str(program), name, *arguments, "--json", *progress, "--color", "never"]


def shown(words: list[str]) -> str:
    """A command as a person would type it."""
    return " ".join(shlex.quote(word) for word in words)


def overrides_of(text: str) -> list[str]:
    """`key=value` texts, a line each; empty lines and those that begin with # say nothing."""
    lines = (line.strip() for line in text.replace("\r", "\n").split("\n"))
    return [line for line in lines if line and not line.startswith("#")]
