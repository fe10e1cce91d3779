"""What went wrong, in the program's own words."""

from __future__ import annotations

from .progress import Other, parse
from .runner import Outcome


def error_text(outcome: Outcome) -> str:
    """The message of a command that failed: the same text as on a terminal's pipe."""
    answer = outcome.answer
    if answer is not None and isinstance(answer.get("error"), str) and answer["error"]:
        return answer["error"]
    # Where it ended before it could answer: what it said last.
    told = [line.text for line in map(parse, outcome.stderr) if isinstance(line, Other)]
    text = "\n".join(told).strip()
    if text.startswith("error: "):
        text = text[len("error: ") :]
    if not text:
        text = "the program ended without a word"
    if outcome.exit_code < 0:
        text += f" (it was ended by signal {-outcome.exit_code})"
    return text


def codes(outcome: Outcome) -> list[str]:
    """The codes of the faults, such as `project.unknown_key`; none where it is no fault of the inputs."""
    faults = (outcome.answer or {}).get("faults", [])
    return [fault["code"] for fault in faults if isinstance(fault, dict) and isinstance(fault.get("code"), str)]


def kept_text(outcome: Outcome) -> str:
    """What an interrupted run has kept for `--resume`; empty where nothing."""
    from .progress import Note

    told = [line.text for line in map(parse, outcome.stderr) if isinstance(line, Note)]
    return next((text for text in reversed(told) if "--resume" in text), "")
