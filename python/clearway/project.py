"""Whole projects: what the commands of the binary do, with their results as paths and tables."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _native
from ._toml import assignments
from .progress import Callback, native

if TYPE_CHECKING:
    import geopandas
    import pandas
    import xarray

StrPath = str | os.PathLike[str]


class Project:
    """A project file (docs/guide, keys), read and checked for itself. Layers and tables are opened by what it does.

    >>> project = clearway.Project.open("project.toml")
    >>> run = project.run(out="runs/first", overrides={"plan.budget_usd": 2e6})
    >>> run.plan_table()
    """

    path: Path
    """The project file."""
    overrides: dict[str, Any]
    """What is laid over it, as ``{"plan.budget_usd": 2e6, "score.criteria.people.weight": 5}``."""
    settings: dict[str, Any]
    """The settings as used: the file's, with the overrides laid over them."""

    def __init__(self, path: StrPath, overrides: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.overrides = dict(overrides or {})
        self.settings = json.loads(_native.open(os.fspath(self.path), assignments(self.overrides)))

    @classmethod
    def open(cls, path: StrPath, overrides: Mapping[str, Any] | None = None) -> Project:
        """Reads a project file; `ClearwayError` with all faults of its keys and values."""
        return cls(path, overrides)

    def __repr__(self) -> str:
        return f"Project({os.fspath(self.path)!r})"

    def run(self, out: StrPath | None = None, **options: Any) -> Run:
        """Scores, outlines task areas and plans, as far as the project asks for it: ``clearway run``.

        `out` is the output folder, ``runs/<project name>`` by default. Options: ``overrides`` (over the project's own),
        ``overwrite`` (replace a finished run), ``resume``, ``backend`` ("auto", "gpu", "cpu"), ``device``, ``seed``,
        ``memory`` (bound on tiles and planes, bytes, 4 GiB), ``compress`` ("deflate", "zstd", "none"), ``seconds`` and
        ``iterations`` of the search, ``threads`` of the planner (0: one a core), ``redact`` (side of coarse cells, m),
        ``progress`` (see `clearway.progress.Callback`).

        Raises `ClearwayError` with every fault of the inputs before any work. Ctrl-C ends the stage under way; the
        planner's search, which has a sound plan at any moment, is raised out of too: use ``progress`` returning
        ``False`` to end it early and keep its plan.
        """
        return self._work("run", out, None, options)

    def score(self, out: StrPath | None = None, **options: Any) -> Run:
        """Writes priority grids only: ``clearway score``. Options as for `run`."""
        return self._work("score", out, None, options)

    def plan(
        self,
        out: StrPath | None = None,
        *,
        tasks_of: StrPath | None = None,
        from_run: StrPath | None = None,
        date: datetime.date | str | None = None,
        **options: Any,
    ) -> Run:
        """Writes task areas and a plan, no grids: ``clearway plan``. Options as for `run`.

        `tasks_of` is a finished run whose task areas are taken in place of scoring anew. `from_run` and `date` plan a
        finished run anew from that day on: what is finished or under way stays.
        """
        if (from_run is None) != (date is None):
            raise TypeError("from_run and date go together")
        if from_run is not None:
            options["from_run"] = (os.fspath(from_run), str(date))
        return self._work("plan", out, tasks_of, options)

    def batch(self, scenarios: StrPath, out: StrPath | None = None, **options: Any) -> dict[str, Any]:
        """Runs every scenario of a SCENARIOS.toml and compares them: ``clearway batch``. Options as for `run`.

        Gives back ``out`` (the folder), ``scenarios`` (a dict each), ``failed`` and ``warnings``.
        """
        native_options, progress = self._options(out, options)
        told = _native.batch(os.fspath(self.path), os.fspath(scenarios), native_options, native(progress))
        return dict(json.loads(told))

    def check(self, *, progress: Callback | None = None) -> dict[str, Any]:
        """Every oddity of the inputs, before any work: ``clearway check``. Faults are raised, all together.

        Gives back ``facts``, ``warnings``, ``oddities``, ``polygon_faults`` and ``areas_left_out``.
        """
        told = _native.check(os.fspath(self.path), assignments(self.overrides), native(progress))
        return dict(json.loads(told))

    def verify(self, run_dir: StrPath) -> dict[str, Any]:
        """See `clearway.verify`."""
        return verify(run_dir)

    def _work(self, command: str, out: StrPath | None, tasks_of: StrPath | None, options: dict[str, Any]) -> Run:
        native_options, progress = self._options(out, options)
        tasks = None if tasks_of is None else os.fspath(tasks_of)
        told = _native.run_project(command, os.fspath(self.path), native_options, tasks, native(progress))
        return Run(json.loads(told))

    def _options(self, out: StrPath | None, given: dict[str, Any]) -> tuple[dict[str, Any], Callback | None]:
        known: dict[str, Any] = {
            "overrides": {}, "overwrite": False, "resume": False, "backend": "auto", "device": None, "seed": None,
            "memory": 4 << 30, "compress": "deflate", "seconds": None, "iterations": None, "threads": 0,
            "redact": None, "from_run": None, "progress": None,
        }
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise TypeError(f"unknown options {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        options = known | given
        progress: Callback | None = options.pop("progress")
        options["out"] = None if out is None else os.fspath(out)
        options["overrides"] = assignments(self.overrides | dict(options["overrides"]))
        options["memory_bytes"] = int(options.pop("memory"))
        return options, progress


class Run:
    """A finished run: where its files are, what it found, its record."""

    out_dir: Path
    """The folder."""
    files: dict[str, Path]
    """Every file of it, by name."""
    warnings: list[str]
    """What a person should know before acting on it."""
    summary: dict[str, Any]
    """The result table that the command line prints, as JSON."""

    def __init__(self, summary: dict[str, Any]) -> None:
        self.summary = summary
        self.out_dir = Path(summary["out"])
        self.files = {name: self.out_dir / name for name in summary["files"]}
        self.warnings = list(summary["warnings"]) if isinstance(summary["warnings"], list) else []

    @classmethod
    def open(cls, run_dir: StrPath) -> Run:
        """A run that lies in a folder already."""
        folder = Path(run_dir)
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        outputs = [each["path"] for each in record["outputs"]]
        summary = dict(record["results"].get("summary", {}))
        told = {"out": str(folder), "files": [*outputs, "run.json"], "warnings": record["warnings"]}
        return cls(summary | told)

    def __repr__(self) -> str:
        return f"Run({os.fspath(self.out_dir)!r}, {len(self.files)} files, {len(self.warnings)} warnings)"

    @property
    def record(self) -> dict[str, Any]:
        """``run.json``: version, seed, settings as used, every input and output with its SHA-256, warnings, seconds."""
        return dict(json.loads(self.files["run.json"].read_text(encoding="utf-8")))

    @property
    def plan(self) -> dict[str, Any]:
        """``plan.json``: the problem as solved, the plan, its bound, what would be done by hand."""
        return dict(json.loads(self.files["plan.json"].read_text(encoding="utf-8")))

    def plan_table(self) -> pandas.DataFrame:
        """``plan.csv`` with its dates as dates: one row a task done. Needs pandas."""
        import pandas

        return pandas.read_csv(self.files["plan.csv"], parse_dates=["depart", "start", "end"])

    def tasks(self) -> geopandas.GeoDataFrame:
        """The task areas with all their columns, in the frame's CRS where ``tasks.gpkg`` was written. Needs geopandas."""
        import geopandas

        name = "tasks.gpkg" if "tasks.gpkg" in self.files else "tasks.geojson"
        return geopandas.read_file(self.files[name])

    def grid(self, name: str) -> xarray.DataArray:
        """A grid by its file's name without ``.tif``, such as ``"priority"``; unknown cells are NaN. Needs rioxarray."""
        import rioxarray

        opened = rioxarray.open_rasterio(self.files[f"{name}.tif"], masked=True)
        return opened.squeeze("band", drop=True)  # type: ignore[union-attr,return-value]

    def verify(self) -> dict[str, Any]:
        """See `clearway.verify`."""
        return verify(self.out_dir)


def verify(run_dir: StrPath) -> dict[str, Any]:
    """Checks a finished run independently: hashes, feasibility, objective, bound: ``clearway verify``.

    Gives back ``sound``, ``holds``, ``violations`` and ``warnings``.
    """
    return dict(json.loads(_native.verify(os.fspath(run_dir))))


def explain(
    run_dir: StrPath, *, at: tuple[float, float] | None = None, lonlat: bool = False, task: str | None = None
) -> dict[str, Any]:
    """Why a cell or a task of a finished run stands where it does: ``clearway explain``.

    `at` is a point in the CRS of the run's grids, or longitude and latitude with `lonlat`; `task` a ``task_id``.
    """
    if (at is None) == (task is None):
        raise TypeError("give at or task, one of them")
    return dict(json.loads(_native.explain(os.fspath(run_dir), at or (0.0, 0.0), lonlat, task)))


def synth(
    out: StrPath,
    *,
    preset: str = "hillside",
    size: int = 512,
    seed: int = 1,
    compress: str = "deflate",
    progress: Callback | None = None,
) -> Project:
    """Makes a region, wholly made up, with layers, hazardous areas, teams and a project file: ``clearway synth``.

    `preset`: "hillside" (UTM, 30 m), "plain" (EPSG:4326, 1″) or "nation"; `size`: cells a side. The same seed gives the
    same bytes. Gives back the project; `ClearwayError` where the folder holds one already.
    """
    told = json.loads(_native.synth(os.fspath(out), preset, size, seed, compress, native(progress)))
    return Project.open(told["project"])
