"""Tables as CSV, the way the program reads them."""

from __future__ import annotations

import csv
import io
from typing import Iterable


def cell(value) -> str:
    """A value as a field holds it; an unknown one is empty, never 0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (list, tuple)):
        return ";".join(cell(item) for item in value)
    return str(value)


def csv_text(columns: list[str], rows: Iterable[Iterable]) -> str:
    """A table in UTF-8 with commas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return out.getvalue()
