"""Values as TOML writes them. Only writing: the program reads."""

from __future__ import annotations

import json
import math


def text(value: str) -> str:
    """A basic string. JSON's escapes are TOML's, but for U+007F and lone surrogates, which no file may hold."""
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007F")


def number(value: float) -> str:
    """A number; whole ones without a point."""
    if not math.isfinite(value):
        raise ValueError(f"a project file takes no {value}")
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def key(name: str) -> str:
    """A key, in quotes where it is no bare one."""
    is_bare = name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if is_bare else text(name)


def inline(entries: dict) -> str:
    """A table on one line; entries that are `None` are left out."""
    return "{ " + ", ".join(f"{key(name)} = {value(entry)}" for name, entry in entries.items() if entry is not None) + " }"


def value(entry) -> str:
    """Any value."""
    if isinstance(entry, bool):
        return "true" if entry else "false"
    if isinstance(entry, str):
        return text(entry)
    if isinstance(entry, (int, float)):
        return number(entry)
    if isinstance(entry, dict):
        return inline(entry)
    if isinstance(entry, (list, tuple)):
        return "[" + ", ".join(value(item) for item in entry) + "]"
    raise TypeError(f"a project file takes no {type(entry).__name__}")


def comment(words: str) -> str:
    """A text that stays on its comment's line."""
    return "".join(c if c.isprintable() else " " for c in words)
