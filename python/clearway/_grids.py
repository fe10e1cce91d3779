"""Datasets and dicts of arrays as layers on one grid, and planes of results as a dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ClearwayError, Fault

if TYPE_CHECKING:
    import xarray

NODATA_ON_DISK = -9999.0
"""What unknown cells hold in files; in memory they are NaN."""

Transform = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) of x = a·col + b·row + c, y = d·col + e·row + f: the first six numbers of an ``affine.Affine``."""

PLANES: dict[str, tuple[str, str]] = {
    "priority": ("percentile of the priority among scored cells, 100 = first", "percentile"),
    "class": ("class by priority, 1 = first, 0 = not scored", "1"),
    "benefit": ("benefit of clearing the cell, 0..1", "1"),
    "cost": ("cost of clearing the cell", "US$"),
    "benefit_per_cost": ("benefit of clearing the cell per cost", "benefit-m2 per US$"),
    "exposure": ("people who live within reach of the cell, effective", "people"),
    "people_at_risk": ("expected people within reach of contaminated ground", "people"),
    "acceptability": ("share of samples in which the cell is in the top", "1"),
    "rank_mean": ("mean over samples of the percentile rank", "percentile"),
    "rank_sd": ("standard deviation over samples of the percentile rank", "points"),
}
"""Planes of results by the names of their files: what they are, and their unit."""


@dataclass
class Grid:
    """Where cells lie: what all arrays have in common."""

    crs: str
    """EPSG code or WKT."""
    transform: Transform
    shape: tuple[int, int]
    """(rows, columns)."""
    dims: tuple[str, str] = ("y", "x")
    """Names of the dimensions of rows and columns."""
    coords: dict[str, Any] = field(default_factory=dict)
    """Coordinates to give back with results."""

    @property
    def parts(self) -> tuple[str, Transform, tuple[int, int]]:
        """As the extension module takes it."""
        return self.crs, self.transform, self.shape


@dataclass
class Layers:
    """Layers on one grid."""

    grid: Grid
    arrays: dict[str, Any]
    """(rows, columns) each: NumPy arrays, or Dask's."""
    nodata: dict[str, float | None]
    """The number that means unknown, beside NaN."""


def layers_of(
    dataset: Any, *, crs: Any = None, transform: Any = None, nodata: Mapping[str, float] | None = None
) -> Layers:
    """The layers of an xarray Dataset, or of a mapping of names to arrays of one shape; nothing is copied.

    `crs` and `transform` say where the cells lie, over what the dataset says itself.
    """
    faults: list[Fault] = []
    nodata = dict(nodata or {})
    is_dataset = hasattr(dataset, "data_vars")
    variables = {str(name): variable for name, variable in (dataset.data_vars if is_dataset else dataset).items()}
    arrays: dict[str, Any] = {}
    unknown: dict[str, float | None] = {}
    for name, variable in variables.items():
        array = flat(name, getattr(variable, "data", variable) if hasattr(variable, "dims") else variable, faults)
        if array is not None:
            arrays[name] = array
            unknown[name] = nodata.pop(name, None)
            if unknown[name] is None:
                unknown[name] = nodata_of(name, variable, faults)
    for name in nodata:
        faults.append(Fault("grid.nodata", "nodata", f"one of the layers {', '.join(arrays)}", f"{name!r}",
                            "name a layer of the dataset"))
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{name} {rows} x {cols}" for name, (rows, cols) in shapes.items())
        faults.append(Fault("grid.shape", "dataset", "layers of one shape, (rows, columns)", told,
                            "bring them onto one grid first, such as with rioxarray's reproject_match"))
    if not arrays and not faults:
        faults.append(Fault("grid.empty", "dataset", "layers, hazard and population at least", "none", "add them"))
    raise_all(faults)
    grid = grid_of(dataset if is_dataset else None, variables, next(iter(shapes.values())), crs, transform)
    return Layers(grid, arrays, unknown)


def flat(name: str, array: Any, faults: list[Fault]) -> Any:
    """The array with two dimensions: bands of one are left out. ``None`` with a fault where there are more."""
    if not hasattr(array, "shape"):
        array = np.asarray(array)
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    kind = array.dtype.kind
    if array.ndim != 2 or kind not in "biuf":
        faults.append(Fault("grid.array", f"layer `{name}`", "an array of two dimensions, of whole or real numbers",
                            f"{array.ndim} dimensions of {array.dtype}", "give one band, of numbers"))
        return None
    if kind == "b":
        # The same bytes, as 0 and 1.
        return array.view(np.uint8)
    if array.dtype == np.float16 or not array.dtype.isnative:
        wider = np.dtype(np.float32) if array.dtype == np.float16 else array.dtype.newbyteorder("=")
        return array.astype(wider)
    # Read in place, which must begin at a multiple of the items' size; nearly every array does.
    return np.require(array, requirements="A") if isinstance(array, np.ndarray) else array


def nodata_of(name: str, variable: Any, faults: list[Fault]) -> float | None:
    """The number that means unknown by what the variable says of itself, as rioxarray looks for it."""
    attrs, encoding = getattr(variable, "attrs", {}), getattr(variable, "encoding", {})
    scale, offset = attrs.get("scale_factor", 1), attrs.get("add_offset", 0)
    if float(scale) != 1.0 or float(offset) != 0.0:
        faults.append(Fault(
            "grid.scale", f"layer `{name}`", "values in their unit", f"scale_factor {scale} and add_offset {offset} not applied",
            f"open it with mask_and_scale=True, or apply them and drop the attributes; or say layers={{{name!r}: "
            '{"scale": …, "offset": …}}'))
    for place in (attrs, encoding):
        for key in ("_FillValue", "missing_value", "fill_value", "nodata"):
            found = place.get(key)
            if found is not None and float(found) == float(found):
                return float(found)
    return None


def grid_of(dataset: Any, variables: Mapping[str, Any], shape: tuple[int, int], crs: Any, transform: Any) -> Grid:
    """Where the cells lie."""
    faults: list[Fault] = []
    coords: dict[str, Any] = {}
    first = next((variable for variable in variables.values() if hasattr(variable, "dims")), None)
    if first is None:
        # Arrays say nothing of where they lie.
        dims = ("y", "x")
    else:
        dims = (str(first.dims[-2]), str(first.dims[-1]))
        owner = dataset if dataset is not None else first
        for name in (*dims, *grid_mappings(owner, first)):
            if name in owner.coords:
                coords[name] = owner.coords[name]
    mapping = next((each for name, each in coords.items() if name not in dims), None)
    crs_text = crs_text_of(crs) if crs is not None else crs_of(first, mapping)
    if crs_text is None:
        faults.append(Fault("crs.missing", "dataset", "a CRS", "none",
                            'give crs="EPSG:32636", or write it with rioxarray\'s rio.write_crs'))
    try:
        sized = six(transform) if transform is not None else transform_of(coords, dims, shape, mapping)
    except ClearwayError as error:
        faults.extend(error.faults)
        sized = None
    if sized is None and not any(each.code.startswith("grid.") for each in faults):
        faults.append(Fault("grid.transform", "dataset", "where the cells lie", "neither coordinates nor a transform",
                            "give transform=(a, b, c, d, e, f): x = a·col + b·row + c, y = d·col + e·row + f"))
    raise_all(faults)
    assert crs_text is not None and sized is not None
    if sized[4] > 0:
        raise_all([Fault("grid.flipped", "dataset", "rows from north to south", "rows from south to north",
                         f"sort it first: dataset.sortby({dims[0]!r}, ascending=False)")])
    return Grid(crs_text, sized, shape, dims, coords)


def grid_mappings(owner: Any, variable: Any) -> list[str]:
    """Names under which a dataset may keep its CRS."""
    named = variable.encoding.get("grid_mapping", variable.attrs.get("grid_mapping"))
    return [name for name in (named, "spatial_ref", "crs") if name is not None and name in owner.coords][:1]


def crs_text_of(crs: Any) -> str:
    """A CRS of rasterio, pyproj or a person as a code or WKT."""
    if isinstance(crs, int):
        return f"EPSG:{crs}"
    if isinstance(crs, str):
        return crs
    code = crs.to_epsg() if hasattr(crs, "to_epsg") else None
    return f"EPSG:{code}" if code is not None else str(crs.to_wkt())


def crs_of(variable: Any, mapping: Any) -> str | None:
    """The CRS that a dataset names."""
    if mapping is not None:
        for key in ("crs_wkt", "spatial_ref"):
            if key in mapping.attrs:
                return str(mapping.attrs[key])
    found = getattr(variable, "attrs", {}).get("crs")
    return None if found is None else str(found)


def six(transform: Any) -> Transform:
    """The first six numbers of an ``affine.Affine`` or a sequence."""
    a, b, c, d, e, f = (float(number) for number in tuple(transform)[:6])
    return a, b, c, d, e, f


def transform_of(
    coords: Mapping[str, Any], dims: tuple[str, str], shape: tuple[int, int], mapping: Any
) -> Transform | None:
    """From the coordinates of the cells' centres; where they agree with the GeoTransform that rioxarray keeps, that one,
    whose numbers are exact.
    """
    kept: Transform | None = None
    if mapping is not None and "GeoTransform" in mapping.attrs:
        c, a, b, f, d, e = (float(number) for number in str(mapping.attrs["GeoTransform"]).split())
        kept = (a, b, c, d, e, f)
    if not all(name in coords for name in dims):
        return kept
    steps, starts = [], []
    for name, count in zip(dims, shape):
        centres = np.asarray(coords[name], dtype=float)
        if count == 1:
            return kept
        step = (centres[-1] - centres[0]) / (count - 1)
        if step == 0 or np.abs(centres - (centres[0] + step * np.arange(count))).max() > abs(step) * 1e-3:
            raise_all([Fault("grid.uneven", f"coordinate `{name}`", "evenly spaced cells", "uneven steps",
                             "bring the layers onto a regular grid first")])
        steps.append(float(step))
        starts.append(float(centres[0] - step / 2))
    found = (steps[1], 0.0, starts[1], 0.0, steps[0], starts[0])
    if kept is not None:
        cell = min(abs(found[0]), abs(found[4]))
        near = all(abs(kept[i] - found[i]) < cell * 1e-3 for i in (2, 5))
        if near and all(abs(kept[i] - found[i]) < abs(found[i]) * 1e-5 for i in (0, 4)) and kept[1] == kept[3] == 0:
            return kept
    return found


def dataset_of(planes: Mapping[str, Any], grid: Grid, summary: Mapping[str, Any]) -> xarray.Dataset:
    """Planes of results as a dataset in rioxarray's conventions."""
    import xarray

    coords = dict(grid.coords)
    a, b, c, d, e, f = grid.transform
    rows, cols = grid.shape
    coords.setdefault(grid.dims[1], c + a * (np.arange(cols) + 0.5))
    coords.setdefault(grid.dims[0], f + e * (np.arange(rows) + 0.5))
    mapping = next((name for name in coords if name not in grid.dims), "spatial_ref")
    attrs = dict(coords[mapping].attrs) if mapping in coords else spatial_ref(grid.crs)
    attrs["GeoTransform"] = f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"
    coords[mapping] = xarray.DataArray(np.int64(0), attrs=attrs)
    variables = {}
    for name, array in planes.items():
        text, unit = PLANES[name]
        variable = xarray.Variable(grid.dims, array, {"long_name": text, "units": unit})
        variable.encoding["grid_mapping"] = mapping
        if name == "class":
            variable.attrs["_FillValue"] = np.uint8(0)
        else:
            variable.encoding["_FillValue"] = np.float32(NODATA_ON_DISK)
        variables[name] = variable
    made = xarray.Dataset(variables, coords, {"clearway": json.dumps(summary)})
    return made


def spatial_ref(crs: str) -> dict[str, Any]:
    """Attributes that name a CRS, as rioxarray and GDAL read them."""
    try:
        import pyproj

        return dict(pyproj.CRS.from_user_input(crs).to_cf()) | {"spatial_ref": pyproj.CRS.from_user_input(crs).to_wkt()}
    except ImportError:
        return {"spatial_ref": crs}


def raise_all(faults: list[Fault]) -> None:
    """Raises all faults together, in the words of the command line."""
    if not faults:
        return
    text = str(faults[0])
    if len(faults) > 1:
        text = "\n  - ".join([f"{len(faults)} faults", *map(str, faults)])
    raise ClearwayError(text, tuple(faults), 2)
