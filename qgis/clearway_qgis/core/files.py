"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from .project import MARK


class Refused(Exception):
    """A file that is not to be written over."""


def write_project(path: Path, text: str, *, overwrite: bool) -> None:
    """Writes a project file beside its place and renames it. One that somebody else wrote is never written over."""
    if path.exists():
        there = path.read_text(encoding="utf-8", errors="replace")
        if not there.startswith(MARK):
            raise Refused(f"{path} is a project file that this plugin did not write: choose another place")
        if there != text and not overwrite:
            raise Refused(f"{path} is there already, with other settings: choose another place, or tick Overwrite")
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Writes a text beside its place and renames it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == text.encode("utf-8"):
        # Left alone, it stays what a cancelled run has read.
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # Opened plainly and not by `tempfile`, whose files only their owner may read.
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(beside, path)
    finally:
        if beside.exists():
            beside.unlink()
