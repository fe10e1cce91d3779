"""Task areas over planes in memory: from polygons, or grown from the priority."""

from __future__ import annotations

import json
import warnings as python_warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native
from ._frames import plain_value
from ._grids import layers_of
from .errors import fault
from .progress import Callback, native

if TYPE_CHECKING:
    import geopandas
    import xarray

NEEDED = ("hazard", "people_at_risk", "benefit", "cost", "priority")


class TaskWarning(UserWarning):
    """Something about task areas that a person must hear of: repaired, left out, partly unknown."""


def tasks(
    scores: xarray.Dataset | Mapping[str, Any],
    areas: geopandas.GeoDataFrame | None = None,
    *,
    hazard: Any = None,
    difficulty: Any = None,
    id: str | None = None,
    imsma_id: str | None = None,
    status_column: str | None = None,
    status: Sequence[str] | None = None,
    min_rank: float = 90.0,
    min_area_m2: float = 5_000.0,
    max_area_m2: float = 100_000.0,
    classes: Sequence[float] = (5, 15, 40),
    by_benefit: bool = False,
    settlements: Iterable[Mapping[str, Any]] | Any = None,
    crs: Any = None,
    transform: Any = None,
    progress: Callback | None = None,
) -> geopandas.GeoDataFrame:
    """Task areas with what clearing them is worth and costs, one row each, in the CRS of the grid.

    `scores` is what `clearway.score` gave, with the planes ``priority``, ``benefit``, ``cost`` and ``people_at_risk`` at
    least (``acceptability`` is used where it is there); `hazard` (0..1) is the layer that was scored, and `difficulty` an
    optional layer whose mean multiplies a task's work: arrays of the same shape, or variables of `scores`.

    With `areas`, hazardous areas in any CRS that needs no datum shift, each is a task: invalid polygons are repaired and
    named, none is dropped silently; areas whose status says that no work is left are left out and named. `id` names the
    column of ``task_id``, `imsma_id` that of the IMSMA identifier, `status` the statuses to take. Without `areas`, tasks
    are grown from connected cells of at least `min_rank` (0..100), of `min_area_m2` to `max_area_m2`.

    Columns: ``task_id``, ``imsma_id``, ``rank`` (0..100, 100 = first; by benefit per cost, or by mean benefit with
    `by_benefit`), ``class`` (by `classes`, per cent), ``area_m2``, ``scored_share``, ``hazard_mean``,
    ``people_at_risk``, ``exposure_ha``, ``benefit``, ``cost_usd``, ``benefit_per_kusd``, ``difficulty``, ``rank_mean``,
    ``acceptability_mean``, ``lon``, ``lat``, ``nearest_settlement`` (of `settlements`: rows of ``name``, ``lon``,
    ``lat``), ``district``, then the areas' own columns. Unknown is missing, never 0. What each criterion adds is told by
    `Project.run` alone.

    What is odd about the areas is warned of (`TaskWarning`) and kept in ``.attrs["warnings"]``. Raises `ClearwayError`
    with all faults of the areas. Needs geopandas.
    """
    import geopandas

    planes = dict(scores.data_vars if hasattr(scores, "data_vars") else scores)
    for name, layer in (("hazard", hazard), ("difficulty", difficulty)):
        if layer is not None:
            planes[name] = layer
    held = layers_of(
        _with_place(scores, {name: planes[name] for name in planes if name in (*NEEDED, "acceptability", "difficulty")}),
        crs=crs, transform=transform,
    )
    arrays = [(name, np.asarray(array), held.nodata[name]) for name, array in held.arrays.items()]
    given = None if areas is None else _areas(areas, id, imsma_id, status_column, status)
    settings = {
        "min_rank": float(min_rank), "min_area_m2": float(min_area_m2), "max_area_m2": float(max_area_m2),
        "class_percents": [float(each) for each in classes], "by_benefit": bool(by_benefit),
        "settlements": _settlements(settlements),
    }
    grounds, told, odd = _native.tasks(held.grid.parts, arrays, given, settings, native(progress))
    table = json.loads(told)
    columns = {name: [row[i] for row in table["rows"]] for i, name in enumerate(table["names"])}
    for name in REALS:
        columns[name] = [np.nan if value is None else value for value in columns[name]]
    made = geopandas.GeoDataFrame(columns, geometry=geopandas.GeoSeries.from_wkb(grounds), crs=held.grid.crs)
    made.attrs["warnings"] = odd
    for text in odd:
        python_warnings.warn(text, TaskWarning, stacklevel=2)
    return made


REALS = (
    "rank", "area_m2", "scored_share", "hazard_mean", "people_at_risk", "exposure_ha", "benefit", "cost_usd",
    "benefit_per_kusd", "difficulty", "rank_mean", "acceptability_mean", "lon", "lat",
)


def _with_place(scores: Any, planes: dict[str, Any]) -> Any:
    """The planes as a dataset that knows where they lie, where the scores are one."""
    if not hasattr(scores, "data_vars"):
        return planes
    first = next(iter(scores.data_vars.values()), None)
    placed: dict[str, Any] = {}
    for name, plane in planes.items():
        if hasattr(plane, "dims") or first is None:
            placed[name] = plane.drop_vars(list(plane.coords)) if hasattr(plane, "drop_vars") else plane
            if first is not None and placed[name].ndim == 2:
                placed[name] = placed[name].variable
        else:
            placed[name] = (first.dims, np.asarray(plane))
    import xarray

    return xarray.Dataset(placed, coords=scores.coords)


def _areas(
    areas: Any, id: str | None, imsma_id: str | None, status_column: str | None, status: Sequence[str] | None
) -> dict[str, Any]:
    """The areas as the extension module takes them."""
    code = None if areas.crs is None else areas.crs.to_epsg()
    if code is None:
        raise fault("areas.crs", "areas", "a CRS with an EPSG code", str(areas.crs), 'set it: areas.set_crs("EPSG:4326")')
    columns = areas.drop(columns=areas.geometry.name)
    rows = [{str(key): _value(value) for key, value in row.items()} for row in columns.to_dict("records")]
    return {
        "epsg": code,
        "geometries": [None if shape is None else bytes(shape) for shape in areas.geometry.to_wkb()],
        "properties": json.dumps(rows, allow_nan=False),
        "id": id, "imsma_id": imsma_id, "status_column": status_column,
        "status": None if status is None else list(status),
    }


def _value(value: Any) -> Any:
    """A value of a table as JSON has it; dates as texts."""
    plain = plain_value(value)
    return str(plain) if hasattr(plain, "isoformat") else plain


def _settlements(given: Any) -> list[tuple[str, float, float]]:
    if given is None:
        return []
    records = given.to_dict("records") if hasattr(given, "to_dict") and hasattr(given, "columns") else given
    return [(str(row["name"]), float(row["lon"]), float(row["lat"])) for row in records]
