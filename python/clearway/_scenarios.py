"""Scenarios of a project on Dask: each task runs some of them in folders of their own, the last one compares."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from . import _native
from .project import Project, StrPath

if TYPE_CHECKING:
    from dask.delayed import Delayed


def batch(
    project: Project | StrPath,
    scenarios: StrPath,
    out: StrPath | None = None,
    *,
    at_once: int = 1,
    **options: Any,
) -> Delayed:
    """`Project.batch` on Dask, lazy: the scenarios of a SCENARIOS.toml, each a whole run, and one comparison.

    A first task checks all scenarios, with all faults together; then come tasks of `at_once` scenarios each, which share
    what these have in common (layers, exposure, distances), and last the comparison. Computed it gives the dict that
    `Project.batch` gives; the files are those of ``clearway batch``. Options as there, but for ``redact`` and
    ``progress``.

    All workers read the project and write the folder `out` under the same path. A task that is repeated leaves what is
    whole as it is, so does a batch that is computed again. A scenario that cannot be planned is among the dict's
    ``failed``. ``threads=1`` keeps the planner to one thread a task.

    Raises `ClearwayError` with the faults of the project file and of SCENARIOS.toml, and when it is computed with all
    faults of all inputs.
    """
    import dask

    opened = project if isinstance(project, Project) else Project.open(project)
    if "progress" in options:
        raise TypeError("no progress is told of tasks on Dask: its own dashboard shows them")
    if at_once < 1:
        raise TypeError("at_once is 1 or more")
    native_options, _ = opened._options(out, options)
    paths = (os.path.abspath(opened.path), os.path.abspath(scenarios))
    names, folder = _native.batch_names(*paths, native_options)
    native_options["out"] = os.path.abspath(folder)
    said = (*paths, native_options)
    # Runs leave files: none of it is a function of its arguments alone.
    checked = dask.delayed(_checked, pure=False)(*said)
    groups = [list(range(first, min(first + at_once, len(names)))) for first in range(0, len(names), at_once)]
    ran = [dask.delayed(_run, pure=False)(*said, numbers, checked) for numbers in groups]
    compared: Delayed = dask.delayed(_compared, pure=False)(*said, ran)
    return compared


def _checked(project: str, scenarios: str, options: dict[str, Any]) -> None:
    _native.batch_check(project, scenarios, options)


def _run(project: str, scenarios: str, options: dict[str, Any], numbers: list[int], checked: None) -> None:
    _native.batch_some(project, scenarios, numbers, options)


def _compared(project: str, scenarios: str, options: dict[str, Any], ran: list[None]) -> dict[str, Any]:
    return dict(json.loads(_native.batch(project, scenarios, options, None)))
