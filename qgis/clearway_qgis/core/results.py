"""Which files of a finished run are shown, and which numbers a model may use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shown:
    """A layer to load."""

    #: Name of the algorithm's output.
    output: str
    #: What QGIS opens.
    source: str
    is_raster: bool
    #: Name in the layer tree.
    title: str


#: Output, file, table in it (`None` for a raster), title. The later lie on top.
LAYERS = [
    ("ACCEPTABILITY", "acceptability.tif", None, "How often in the top"),
    ("CLASS", "class.tif", None, "Class"),
    ("PRIORITY", "priority.tif", None, "Priority (rank 0 to 100)"),
    ("TASKS", "tasks.gpkg", "tasks", "Task areas"),
    ("PLAN_TASKS", "plan.gpkg", "tasks_done", "Tasks in the plan"),
    ("PLAN_ROUTES", "plan.gpkg", "routes", "Ways of the teams"),
]
#: Where a project writes no GeoPackages: GeoJSON with the style beside it.
INSTEAD = {"TASKS": "tasks.geojson", "PLAN_TASKS": "plan.geojson"}


def layers(folder: Path, files: list[str]) -> list[Shown]:
    """The layers of a run folder that lists `files`."""
    found = []
    for output, file, table, title in LAYERS:
        instead = INSTEAD.get(output, "")
        if file in files:
            source = str(folder / file) + (f"|layername={table}" if table else "")
        elif instead in files:
            source = str(folder / instead)
        else:
            continue
        found.append(Shown(output, source, table is None, title))
    return found


def numbers(answer: dict) -> dict:
    """Numbers of an answer, by the names of outputs; what is unknown is left out."""
    score, tasks, plan = (answer.get(part) or {} for part in ("score", "tasks", "plan"))
    found = {
        "SCORED_CELLS": score.get("scored_cells"),
        "TASK_COUNT": tasks.get("count"),
        "TASK_AREA_HA": tasks.get("area_ha"),
        "TASKS_DONE": plan.get("tasks_done"),
        "PLAN_COST_USD": plan.get("cost_usd"),
        "OBJECTIVE": plan.get("objective_value"),
        "UPPER_BOUND": plan.get("upper_bound"),
        "GAP_PERCENT": plan.get("gap_percent"),
        "WARNINGS": len(answer.get("warnings") or []),
    }
    return {name: number for name, number in found.items() if number is not None}
