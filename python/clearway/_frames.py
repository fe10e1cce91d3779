"""Rows of tables as tasks and teams of a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import fault

TASK_KEYS = {
    "id", "at", "worth", "decay_per_day", "work", "cost", "needs", "after", "window", "district", "lock",
    "work_by_team",
}
TEAM_NAMES = {
    "team_id": "id", "rate_m2_per_day": "rate", "travel_km_per_day": "speed_per_day", "usd_per_km": "cost_per_distance",
    "mobilisation_usd": "mobilisation",
}
# Columns of teams.csv that say nothing to the planner.
TEAM_TEXTS = {"name", "asset_type"}


def tasks_of_frame(table: Any, worth: str | None) -> tuple[list[dict[str, Any]], bool]:
    """Tasks of a problem, and whether their places are degrees."""
    tasks, in_degrees = [], False
    for given in rows(table):
        row, is_degrees = placed(given)
        in_degrees |= is_degrees
        if "task_id" in row:
            row = of_task_area(row, worth or "exposure_ha")
        elif worth is not None:
            row["worth"] = row.pop(worth, None)
        tasks.append(listed(row, ("needs", "after")))
    return tasks, in_degrees


def of_task_area(row: dict[str, Any], worth: str) -> dict[str, Any]:
    """A row of ``tasks.csv``: its own columns by the planner's names, all that mean nothing to it passed over."""
    if worth not in row:
        raise fault("plan.column", f"task {row['task_id']!r}", f"a column {worth!r} with its worth", "none",
                    "name another column with worth=…, or leave out tasks whose worth is unknown")
    task = {key: value for key, value in row.items() if key in TASK_KEYS}
    task["id"] = row["task_id"]
    task["worth"] = row[worth]
    if "cost_usd" in row:
        task["cost"] = row["cost_usd"]
    if "work" not in row and "area_m2" in row:
        task["work"] = row["area_m2"] * row.get("difficulty", 1.0)
    return task


def teams_of_frame(table: Any) -> tuple[list[dict[str, Any]], bool]:
    """Teams of a problem, and whether their places are degrees."""
    teams, in_degrees = [], False
    for given in rows(table):
        row, is_degrees = placed(given)
        in_degrees |= is_degrees
        team = {TEAM_NAMES.get(key, key): value for key, value in row.items() if key not in TEAM_TEXTS}
        first, last = team.pop("available_from", None), team.pop("available_to", None)
        if first is not None or last is not None:
            if not all(isinstance(day, (int, float)) for day in (first, last)):
                raise fault("plan.column", f"team {team.get('id')!r}", "available_from and available_to as days",
                            f"{first!r} and {last!r}", "count days from the start of the plan, both of them")
            team["available"] = [first, last]
        teams.append(listed(team, ("capabilities",)))
    return teams, in_degrees


def rows(table: Any) -> Iterable[dict[str, Any]]:
    """Rows as dicts, values of NumPy as Python's, missing values left out."""
    records = table.to_dict("records") if hasattr(table, "to_dict") and hasattr(table, "columns") else table
    for record in records:
        if not isinstance(record, Mapping):
            raise fault("plan.rows", "tasks or teams", "a DataFrame or a list of dicts", f"{type(record).__name__}",
                        "give one dict a row")
        plain = {str(key): plain_value(value) for key, value in record.items() if key != "geometry"}
        yield {key: value for key, value in plain.items() if value is not None}


def plain_value(value: Any) -> Any:
    """The value as Python has it; ``None`` for a missing one (NaN, NaT, NA)."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if value is None or isinstance(value, (str, list, tuple, Mapping, bool)):
        return value
    if type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    # A whole number in a column with gaps is a float by pandas' doing.
    return value


def placed(row: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The row with its place as ``at``, and whether that is longitude and latitude."""
    for east, north, is_degrees in (("lon", "lat", True), ("x", "y", False)):
        if east in row and north in row:
            rest = {key: value for key, value in row.items() if key not in (east, north)}
            return rest | {"at": [row[east], row[north]]}, is_degrees
    return row, False


def listed(row: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The row with texts parted by ``;`` as lists."""
    for key in keys:
        if isinstance(row.get(key), str):
            row[key] = [word.strip() for word in row[key].split(";") if word.strip()]
    return row
