"""Which mined ground first, which team, in what order, and how sure are we.

Clearway scores every cell of a grid for clearance, outlines task areas and plans demining teams over them. This package
is its library inside Python: on NumPy arrays and xarray (`score`), GeoDataFrames (`tasks`), dicts and DataFrames
(`plan`), and whole projects (`Project`).

Nothing computed says that ground is free of hazards: a low priority or a cell that is not scored is no more than that.
"""

from __future__ import annotations

from ._native import VERSION as __version__
from .areas import TaskWarning, tasks
from .errors import ClearwayError, Fault, Interrupted
from .planning import Plan, plan
from .progress import Progress
from .project import Project, Run, explain, synth, verify
from .scoring import Grids, score, summary

__all__ = [
    "ClearwayError",
    "Fault",
    "Grids",
    "Interrupted",
    "Plan",
    "Progress",
    "Project",
    "Run",
    "TaskWarning",
    "__version__",
    "explain",
    "plan",
    "score",
    "summary",
    "synth",
    "tasks",
    "verify",
]
