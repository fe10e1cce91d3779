"""Plans of bare problems: tasks and teams from dicts or DataFrames, no raster anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _native
from ._frames import tasks_of_frame, teams_of_frame
from .errors import fault
from .progress import Callback, native

if TYPE_CHECKING:
    import pandas

Rows = Sequence[Mapping[str, Any]]


class Plan(dict[str, Any]):
    """What ``plan.json`` holds (docs/guide, bare problem files): ``objective_value``, ``bound``, ``gap_percent``,
    ``routes``, ``unassigned``, ``baselines``, ``shadow_prices``, ``seconds``, ``iterations``, ``seed``, ``warnings`` and
    the ``problem`` as solved. Days count from day 0 of the problem.
    """

    def stops(self) -> pandas.DataFrame:
        """One row a task done, team by team in order of work: ``team``, ``position`` (from 1), ``task``, then what the
        route says of it (days of ``depart``, ``arrive``, ``start`` and ``end``, ``distance``, ``cost``, ``worth`` …).
        Needs pandas.
        """
        import pandas

        rows = [
            {"team": route["team"], "position": position, "task": stop["id"]}
            | {key: value for key, value in stop.items() if key != "id"}
            for route in self["routes"]
            for position, stop in enumerate(route["tasks"], 1)
        ]
        return pandas.DataFrame(rows) if rows else pandas.DataFrame(columns=["team", "position", "task"])

    def left_out(self) -> pandas.DataFrame:
        """One row a task left out: ``id`` and the ``reason``. Needs pandas."""
        import pandas

        return pandas.DataFrame(self["unassigned"], columns=["id", "reason"])


def plan(
    problem: Mapping[str, Any] | Rows | pandas.DataFrame,
    teams: Rows | pandas.DataFrame | None = None,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    threads: int = 0,
    progress: Callback | None = None,
    worth: str | None = None,
    **settings: Any,
) -> Plan:
    """The best sequence of tasks for every team that could be found, with a proven bound beside it.

    `problem` is a bare problem (docs/guide, bare problem files) as a dict with ``teams`` and ``tasks``, or the tasks
    alone: a list of dicts or a DataFrame, with `teams` beside it and the problem's other keys as keyword arguments
    (``objective="collect"``, ``horizon_days=365``, ``budget=4e6``, ``distance={"kind": "geodesic"}`` …).

    Columns of a DataFrame are the keys of a task or team; missing values are left out. A place is ``at`` or two columns
    ``x`` and ``y``, or ``lon`` and ``lat``: with these distances are geodesic (km) unless `settings` say otherwise.
    Lists (``needs``, ``capabilities``, ``after``) may be texts parted by ``;``. Columns of ``tasks.csv`` and
    ``teams.csv`` and of what `clearway.tasks` gives are understood too: ``task_id``, ``cost_usd``, ``area_m2`` ×
    ``difficulty`` as work, ``team_id``, ``rate_m2_per_day``, ``travel_km_per_day``, ``usd_per_km``,
    ``mobilisation_usd``; `worth` then names the column of worth (``exposure_ha`` by default). Columns that mean nothing
    to the planner are passed over where tasks come from such a table, and are faults otherwise.

    `seconds` and `iterations` limit the search (30 seconds where neither is given); the same `seed` and `iterations`
    give the same plan on any number of `threads` (0: one a core). `progress` is told "best …, bound …, gap … %"; when
    it returns ``False`` the best plan so far is given back. Ctrl-C raises ``KeyboardInterrupt``.

    Raises `ClearwayError` with every fault of the problem.
    """
    if isinstance(problem, Mapping) and ("tasks" in problem or "teams" in problem):
        if teams is not None or settings or worth is not None:
            raise TypeError("a whole problem holds its own teams and settings")
        whole: dict[str, Any] = dict(problem)
    else:
        if teams is None:
            raise fault("plan.no_teams", "teams", "teams beside the tasks", "none", "give a list or a DataFrame")
        tasks, tasks_in_degrees = tasks_of_frame(problem, worth)
        crews, teams_in_degrees = teams_of_frame(teams)
        whole = {**settings, "tasks": tasks, "teams": crews}
        if tasks_in_degrees or teams_in_degrees:
            whole.setdefault("distance", {"kind": "geodesic"})
    told = _native.plan(_json(whole), seed, seconds, iterations, threads, native(progress))
    return Plan(json.loads(told))


def _json(problem: Mapping[str, Any]) -> str:
    try:
        return json.dumps(problem, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise fault("problem.value", "problem", "numbers, texts, lists and dicts, all numbers finite", str(error),
                    "change the value, or leave the key out") from error


def _plain(value: Any) -> Any:
    """Numbers and arrays of NumPy."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a value of type {type(value).__name__}: {value!r}")
