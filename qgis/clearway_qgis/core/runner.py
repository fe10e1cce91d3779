"""Runs the program, hands on what it says while it works, and stops it when asked."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Callable

#: How often it is asked whether to stop, seconds.
POLL_SECONDS = 0.1
#: A program that was asked to stop ends its stage and removes what is half-written. After so long it is asked once
#: more, and then ends at once.
GRACE_SECONDS = 90.0


@dataclass
class Outcome:
    """How a command ended."""

    exit_code: int
    #: What stood on stdout.
    stdout: str
    #: Lines of stderr, in their order, without their ends.
    stderr: list[str] = field(default_factory=list)
    #: Whether it was asked to stop.
    was_cancelled: bool = False

    @property
    def answer(self) -> dict | None:
        """The JSON on stdout; `None` where there is none."""
        try:
            value = json.loads(self.stdout)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


def run(
    words: list[str],
    on_line: Callable[[str], None],
    is_cancelled: Callable[[], bool],
    *,
    folder: str | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> Outcome:
    """Runs a command to its end. `on_line` is called with each line of stderr, in the caller's thread."""
    more = {}
    if sys.platform == "win32":
        more["creationflags"] = subprocess.CREATE_NO_WINDOW
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        encoding="utf-8",
        errors="replace",
        **more,
    )
    lines: queue.Queue = queue.Queue()
    out: list[str] = []
    readers = [
        threading.Thread(target=_read_lines, args=(process.stderr, lines), daemon=True),
        threading.Thread(target=lambda: out.append(process.stdout.read()), daemon=True),
    ]
    for reader in readers:
        reader.start()
    outcome = Outcome(exit_code=0, stdout="")
    asked_at = None
    try:
        while True:
            try:
                line = lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                line = ""
            if line is None:
                break
            if line:
                outcome.stderr.append(line)
                on_line(line)
            if not outcome.was_cancelled and is_cancelled():
                outcome.was_cancelled = True
                asked_at = time.monotonic()
                process.terminate()
            elif asked_at is not None and time.monotonic() - asked_at > grace_seconds:
                asked_at = None
                process.terminate()
        outcome.exit_code = process.wait()
    except BaseException:
        # Whoever listens is gone: the program must not go on alone.
        process.terminate()
        process.wait()
        raise
    finally:
        for reader in readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()
    outcome.stdout = out[0] if out else ""
    return outcome


def _read_lines(stream, lines: queue.Queue) -> None:
    for line in stream:
        text = line.rstrip("\r\n")
        if text:
            lines.put(text)
    lines.put(None)
