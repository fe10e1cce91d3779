"""Values of Python as TOML on one line, for overrides of a project file."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from typing import Any

from .errors import fault


def assignments(overrides: Mapping[str, Any] | None) -> list[str]:
    """``key.path=value`` texts, as ``--set`` takes them."""
    return [f"{key}={value(key, each)}" for key, each in (overrides or {}).items()]


def value(key: str, given: Any) -> str:
    """One value; `key` names it in a fault."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(given, (datetime.date, datetime.datetime)):
        return json.dumps(given.isoformat()[:10])
    if isinstance(given, Mapping):
        entries = (f"{json.dumps(str(name), ensure_ascii=False)} = {value(key, each)}" for name, each in given.items())
        return "{ " + ", ".join(entries) + " }"
    if isinstance(given, (list, tuple)):
        return "[" + ", ".join(value(key, each) for each in given) + "]"
    # Numbers of NumPy count as numbers.
    number = given.item() if hasattr(given, "item") else given
    if isinstance(number, int) or isinstance(number, float) and math.isfinite(number):
        return repr(number)
    raise fault(
        "overrides.value", f"overrides[{key!r}]", "a text, number, truth value, date, list or dict",
        f"{given!r}", "change the value",
    )
