"""Scores: layers on one grid and a recipe in, planes of results out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _native
from ._grids import PLANES, Layers, dataset_of, layers_of
from .errors import fault
from .progress import Callback, native
from .project import Project, StrPath

if TYPE_CHECKING:
    import xarray


class Grids(dict[str, "np.ndarray[Any, Any]"]):
    """Planes of results by name, where xarray is not installed."""

    summary: dict[str, Any]
    """What was found, see `summary`."""


def score(
    dataset: xarray.Dataset | Mapping[str, Any],
    recipe: Mapping[str, Any] | Project | None = None,
    *,
    layers: Mapping[str, Mapping[str, Any]] | None = None,
    hazard: Mapping[str, Any] | None = None,
    planes: Iterable[str] | None = None,
    crs: Any = None,
    transform: Any = None,
    nodata: Mapping[str, float] | None = None,
    seed: int = 1,
    folder: StrPath = ".",
    backend: str = "auto",
    device: str | None = None,
    memory: int = 4 << 30,
    progress: Callback | None = None,
) -> xarray.Dataset:
    """Scores every cell of a grid for clearance: hazard × people within reach × further criteria, per US$.

    `dataset` holds the layers by name, all of one shape (rows, columns), row 0 in the north: ``hazard`` (0..1),
    ``population`` (people per cell), ``cost`` (US$ per m²; 2.00 everywhere where it is left out) and whatever the recipe
    names. An xarray Dataset, or a mapping of names to arrays with `crs` ("EPSG:32636") and `transform` (six numbers or an
    ``affine.Affine``). Arrays of any NumPy number are read in place, never copied as a whole; they must not be written to
    meanwhile.

    A cell is unknown where its value is NaN or infinite, or equals the layer's nodata value: `nodata` by layer, or the
    variable's ``_FillValue``, ``missing_value`` or ``nodata``. Unknown is not zero: such a cell is not scored.

    `recipe` is the table ``[score]`` of a project file as a dict (docs/guide, keys), or a `Project`, whose ``[score]`` and
    units are taken. `layers` says more of single layers, as ``[layers]`` does: ``{"population": {"unit":
    "people_per_km2"}, "roads": {"path": "roads.geojson"}}``; `hazard` is the table ``[hazard]`` where hazard is built from
    areas. Paths are relative to `folder`.

    Gives back a Dataset of the `planes` asked for (all by default): ``priority`` (rank 0..100, 100 = first), ``class``
    (1 = first; ``uint8``, 0 = not scored), ``benefit`` (0..1), ``cost`` (US$ per cell), ``benefit_per_cost``
    (benefit-m² per US$), ``exposure`` and ``people_at_risk`` (people), and with robustness ``acceptability``,
    ``rank_mean``, ``rank_sd``; ``float32``, NaN where a cell is not scored, −9999 when written to a file. CRS and
    transform lie in ``spatial_ref`` as rioxarray has it. Totals, curve and warnings: `summary`. Without xarray a dict of
    arrays with the totals as its ``summary``. The same bits as ``clearway score`` on the same layers.

    `memory` bounds tiles and planes kept between passes, bytes; the layers and the results come on top. The interpreter's
    lock is released; Ctrl-C ends it, and so does `progress` returning ``False`` (`Interrupted`).

    Raises `ClearwayError` with all faults of recipe and layers together.
    """
    held = layers_of(dataset, crs=crs, transform=transform, nodata=nodata)
    lazy = [name for name, array in held.arrays.items() if not isinstance(array, np.ndarray)]
    if lazy:
        raise fault("grid.lazy", f"layer `{lazy[0]}`", "arrays in memory", type(held.arrays[lazy[0]]).__name__,
                    "load it where it fits the memory, dataset.load(); otherwise clearway.dask.score takes it as it is")
    wanted = wanted_planes(planes)
    settings = settings_of(recipe, held, layers, hazard, seed)
    arrays = [(name, array, held.nodata[name]) for name, array in held.arrays.items()]
    made, told = _native.score(
        held.grid.parts, arrays, json.dumps(settings), os.fspath(folder), wanted, backend, device, int(memory),
        native(progress),
    )
    found = json.loads(told)
    made = {name: made[name] for name in wanted if name in made}  # in the order asked for
    try:
        return dataset_of(made, held.grid, found)
    except ImportError:
        grids = Grids(made)
        grids.summary = found
        return cast("xarray.Dataset", grids)


def summary(scores: xarray.Dataset | Grids) -> dict[str, Any]:
    """What scoring found: ``scored_cells``, ``people``, ``exposure_ha``, ``cost_usd``, ``classes``, ``unknown_cells`` by
    layer, ``curve`` (cumulative by priority), ``warnings``, ``engine``, ``seconds`` by stage.
    """
    if isinstance(scores, Grids):
        return scores.summary
    told = dict(json.loads(scores.attrs["clearway"]))
    if "lazy" in told:
        raise fault("dask.summary", "scores", "planes with their summary", "planes that were computed on Dask",
                    "ask for it together with them: dask.compute(scores, clearway.dask.summary(scores))")
    return told


def wanted_planes(planes: Iterable[str] | None) -> list[str]:
    """The planes asked for, all of them known."""
    wanted = list(PLANES) if planes is None else list(planes)
    for name in wanted:
        if name not in PLANES:
            raise fault("score.plane", "planes", f"one of {', '.join(PLANES)}", f"{name!r}", "change the name")
    return wanted


def settings_of(
    recipe: Mapping[str, Any] | Project | None,
    held: Layers,
    layers: Mapping[str, Mapping[str, Any]] | None,
    hazard: Mapping[str, Any] | None,
    seed: int,
) -> dict[str, Any]:
    """Settings shaped as a project file is."""
    settings: dict[str, Any] = {"project": {"name": "in memory", "seed": seed}, "layers": {}}
    if isinstance(recipe, Project):
        settings["project"]["seed"] = recipe.settings.get("project", {}).get("seed", seed)
        if "score" in recipe.settings:
            settings["score"] = recipe.settings["score"]
        if "hazard" in recipe.settings:
            settings["hazard"] = {key: beside(recipe, value) for key, value in recipe.settings["hazard"].items()}
        for name, table in recipe.settings.get("layers", {}).items():
            # What is held is not read from its file.
            if isinstance(table, dict) and name in held.arrays:
                table = {key: value for key, value in table.items() if key not in ("path", "band", "constant")}
            else:
                table = beside(recipe, table)
            settings["layers"][name] = table
    elif recipe is not None:
        settings["score"] = dict(recipe)
    if hazard is not None:
        settings["hazard"] = dict(hazard)
    for name, table in (layers or {}).items():
        settings["layers"][name] = dict(settings["layers"].get(name, {})) | dict(table)
    return settings


def beside(project: Project, table: Any) -> Any:
    """A table whose path is relative to the project file, with a path that holds from anywhere."""
    if not isinstance(table, dict) or "path" not in table:
        return table
    return table | {"path": os.path.abspath(project.path.parent / table["path"])}
