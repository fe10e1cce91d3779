"""Scores and scenarios on Dask: more than one process or machine, with the bits of one.

Nothing here schedules anything: a score is a plain graph, lazy until it is asked for, for whatever scheduler Dask has at
hand (threads, or the workers of a ``distributed.Client``). Every worker needs clearway in the same version, and where
files are read by window, the files under the same path.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native
from ._grids import Grid, Layers, dataset_of, layers_of
from ._parts import BLOCK, Layer, ScoreGraph, checked, found, parts_of, snapped
from ._scenarios import batch
from ._toml import assignments
from .errors import fault
from .project import Project, StrPath
from .scoring import settings_of, wanted_planes

if TYPE_CHECKING:
    import xarray
    from dask.delayed import Delayed

__all__ = ["batch", "score", "summary"]

SIDE = 2048
"""Cells along the side of a part where nothing says otherwise."""


def score(
    source: xarray.Dataset | Mapping[str, Any] | Project | StrPath,
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
    chunks: Any = None,
    backend: str = "cpu",
    device: str | None = None,
    memory: int = 1 << 30,
) -> xarray.Dataset:
    """`clearway.score` on Dask: the same arguments, planes and bits, lazy and by parts.

    `source` is a Dataset or a mapping of names to arrays, of Dask or NumPy, (rows, columns) each; or a `Project` or the
    path of a project file, whose rasters are then read by window in the tasks, GeoTIFFs like any other. A project has
    its recipe and layers itself.

    The grid is cut into parts: the chunks of the first Dask array, or `chunks` (as Dask takes them; 2048 where neither
    says anything), with their ends moved to multiples of 512 cells, so that sums of layers have one order. Where layers
    are made before scoring (hazard from areas, measures of roads and the like) parts are whole rows of the grid. The
    planes that come back have the parts as chunks.

    Between the parts go people within reach, slices of the neighbours' arrays, and counts: whole numbers, so that neither
    their order nor repeated tasks change a bit. Planes that a later step needs stay in the workers' memory: about 4 planes
    of ``float32``, and what is asked for. `summary` gives the totals.

    `backend`: "cpu", whose bits are the same on every worker, or "gpu" where all workers have the same one. `memory`
    bounds what a task takes beside its arrays, bytes. Threads of a worker process: ``RAYON_NUM_THREADS``, one a core
    without it; set it to the worker's number of threads.

    Raises `ClearwayError` with all faults of recipe and settings at once, and when it is computed with all faults of the
    layers' values. What is not there yet: the distance to cells of an array (``part.whole_layer``).
    """
    wanted = wanted_planes(planes)
    if isinstance(source, (Project, str, os.PathLike)):
        told = {"recipe": recipe, "layers": layers, "hazard": hazard, "crs": crs, "transform": transform, "nodata": nodata}
        many = [name for name, value in told.items() if value is not None]
        if many:
            raise fault("dask.project", ", ".join(many), "nothing beside a project, which says it itself", "a value",
                        "change the project, Project.open(path, overrides={…})")
        project = source if isinstance(source, Project) else Project.open(source)
        job = _job(project=os.path.abspath(project.path), overrides=assignments(project.overrides))
        held = None
    else:
        held = layers_of(source, crs=crs, transform=transform, nodata=nodata)
        settings = settings_of(recipe, held, layers, hazard, seed)
        job = _job(grid=held.grid.parts, names=list(held.arrays), settings=json.dumps(settings),
                   folder=os.path.abspath(folder))
    job |= {"backend_name": backend, "device": device, "memory_bytes": int(memory)}
    layout = json.loads(_native.part_layout(job))
    grid = Grid(layout["crs"], tuple(layout["transform"]), tuple(layout["shape"])) if held is None else held.grid
    sizes = _sizes(chunks, held, grid.shape, layout["whole_rows"])
    parts = dict(parts_of(*sizes))
    arrays = {} if held is None else {name: _rechunked(array, sizes) for name, array in held.arrays.items()}
    pieces, dependencies = _pieces(job, held, arrays, parts)
    wanted = [name for name in wanted if name in layout["planes"]]
    graph = ScoreGraph(job, layout, parts, pieces, wanted, uuid.uuid4().hex)
    made = _arrays(graph, wanted, sizes, dependencies)
    return dataset_of(made, grid, {"lazy": graph.token})


def summary(scores: xarray.Dataset) -> Delayed:
    """What scoring finds, lazy: the dict that `clearway.summary` gives.

    Ask for it together with the planes, so that nothing is computed twice, and before they are persisted:

    >>> scores, found = dask.compute(scores, clearway.dask.summary(scores))
    """
    from dask.delayed import Delayed

    told = json.loads(scores.attrs.get("clearway", "{}"))
    graph: Any = scores.__dask_graph__()  # type: ignore[no-untyped-call]
    key = f"clearway-found-{told.get('lazy')}"
    if graph is None or key not in getattr(graph, "layers", {}):
        raise fault("dask.summary", "scores", "a lazy dataset, as clearway.dask.score gives it", "one without its graph",
                    "ask for it together with the planes: dask.compute(scores, clearway.dask.summary(scores))")
    return Delayed(key, graph)


def _job(**said: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"grid": None, "names": [], "settings": "{}", "folder": ".", "project": "", "overrides": []}
    return nothing | said


def _sizes(
    chunks: Any, held: Layers | None, shape: tuple[int, int], whole_rows: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows and columns of the parts."""
    from dask.array.core import normalize_chunks

    lazy = [] if held is None else [array for array in held.arrays.values() if hasattr(array, "chunks")]
    if chunks is None:
        chunks = lazy[0].chunks if lazy else SIDE
    rows, cols = normalize_chunks(chunks, shape, dtype=np.float32)
    if whole_rows and len(cols) > 1:
        # About as many cells as before.
        n_rows = max(BLOCK, max(rows) * max(cols) // shape[1])
        (rows, cols) = normalize_chunks((n_rows, -1), shape)
    return snapped(rows), snapped(cols)


def _rechunked(array: Any, sizes: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    import dask.array

    if isinstance(array, np.ndarray):
        # A name of its own: reading all of it for a name would take as long as a pass over it.
        return dask.array.from_array(array, chunks=sizes, name=f"clearway-layer-{uuid.uuid4().hex}")
    return array.rechunk(sizes)


def _pieces(
    job: dict[str, Any], held: Layers | None, arrays: Mapping[str, Any], parts: Mapping[tuple[int, int], Any]
) -> tuple[dict[str, Layer], list[Any]]:
    """Every layer's array for each part, and the arrays that they belong to."""
    pieces: dict[str, Layer] = {}
    dependencies: list[Any] = list(arrays.values())
    if held is None:
        return pieces, dependencies
    places = {place: (row, col) for place, (row, col, _, _) in parts.items()}
    for name, array in arrays.items():
        keys = {place: (array.name, *place) for place in parts}
        pieces[name] = Layer(held.nodata[name], keys, places)
    people = arrays.get("population")
    sources = dict(zip(parts, _native.part_sources(job, [list(part) for part in parts.values()])))
    if people is None or all(list(parts[place]) == list(source) for place, source in sources.items()):
        return pieces, dependencies
    keys, places = {}, {}
    for place, (row, col, n_rows, n_cols) in sources.items():
        piece = people[row:row + n_rows, col:col + n_cols].rechunk((n_rows, n_cols))
        dependencies.append(piece)
        keys[place], places[place] = (piece.name, 0, 0), (row, col)
    pieces["population"] = Layer(held.nodata["population"], keys, places)
    return pieces, dependencies


def _arrays(
    graph: ScoreGraph, wanted: Sequence[str], sizes: tuple[tuple[int, ...], tuple[int, ...]], dependencies: list[Any]
) -> dict[str, Any]:
    """The planes asked for as arrays of Dask; beside them in the graph lies the summary."""
    import dask.array
    from dask.highlevelgraph import HighLevelGraph

    core = f"clearway-parts-{graph.token}"
    base = HighLevelGraph.from_collections(core, graph.tasks, dependencies=dependencies)
    layers: dict[str, Any] = dict(base.layers)
    depends: dict[str, set[str]] = dict(base.dependencies)
    name_of = {name: f"clearway-{name}-{graph.token}" for name in wanted}
    for name in wanted:
        # Faults of the layers come with the totals of the first round.
        after = graph.after_first if name in graph.first_planes else None
        layers[name_of[name]] = {
            (name_of[name], *place): (checked, key, after) for place, key in graph.planes[name].items()
        }
        depends[name_of[name]] = {core}
    told = f"clearway-found-{graph.token}"
    layers[told] = {told: (found, graph.last)}
    depends[told] = {core}
    whole = HighLevelGraph(layers, depends)
    kinds = {name: np.uint8 if name == "class" else np.float32 for name in wanted}
    return {name: dask.array.Array(whole, name_of[name], sizes, dtype=kinds[name]) for name in wanted}
