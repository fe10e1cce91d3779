"""Scores and scenarios on Dask: the bits of one process, whatever the parts, the scheduler and the workers do."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clearway
import clearway.dask
import dask
import dask.array
import numpy as np
import pytest
import rasterio
import rioxarray  # noqa: F401 - for `.rio`
import xarray

from test_score import GRIDS, bits, code

SHAPE = (1100, 1290)
UTM: dict[str, Any] = {"crs": "EPSG:32636", "transform": (30.0, 0.0, 500_000.0, 0.0, -30.0, 5_500_000.0)}
DEGREES: dict[str, Any] = {"crs": "EPSG:4326", "transform": (3e-4, 0.0, 36.0, 0.0, -3e-4, 48.0)}
RECIPE: dict[str, Any] = {
    "exposure": {"kernel": "gaussian", "sigma_m": 200},
    "criteria": [
        {"name": "people", "layer": "exposure", "weight": 1, "value": {"linear": [0, "max"]}},
        {"name": "slope", "layer": "slope", "weight": 1, "value": "quantile"},
    ],
    "gates": [{"layer": "slope", "exclude_above": 39}],
}
PARTS = {
    "even": 512,
    "uneven": ((700, 400), (100, 900, 290)),
    "rows": ((512, 588), (1290,)),
}


def region(shape: tuple[int, int] = SHAPE) -> dict[str, Any]:
    """Layers with unknown cells, nodata of their own, and many equal values."""
    rng = np.random.default_rng(11)
    hazard = rng.random(shape, dtype=np.float32)
    hazard[rng.random(shape) < 0.3] = 0.25
    hazard[40:60, 500:700] = np.nan
    population = np.where(rng.random(shape) < 0.02, rng.integers(1, 60, shape), 0).astype(np.int16)
    population[1000:1010] = -9999
    return {
        "hazard": hazard,
        "population": population,
        "cost": 1 + rng.random(shape, dtype=np.float32),
        "slope": (40 * rng.random(shape, dtype=np.float32)).round(),
    }


def lazy(arrays: dict[str, Any], chunks: Any) -> dict[str, Any]:
    return {name: dask.array.from_array(array, chunks=chunks) for name, array in arrays.items()}


def same(found: xarray.Dataset, wanted: xarray.Dataset, names: Any = GRIDS) -> None:
    for name in names:
        assert found[name].dtype == wanted[name].dtype
        assert (bits(found[name].values) == bits(wanted[name].values)).all(), name


def told(summary: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on how it was computed."""
    return {key: value for key, value in summary.items() if key not in ("seconds", "tile_cells", "engine")}


NODATA = {"population": -9999.0}


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    return region()


@pytest.fixture(scope="module")
def whole(arrays: dict[str, Any]) -> xarray.Dataset:
    return clearway.score(arrays, RECIPE, nodata=NODATA, backend="cpu", **UTM)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes of one thread each."""
    import distributed

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                  env={"RAYON_NUM_THREADS": "1"}) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.mark.parametrize("chunks", PARTS.values(), ids=PARTS)
def test_parts_have_the_bits_of_the_whole(arrays: dict[str, Any], whole: xarray.Dataset, chunks: Any) -> None:
    scores = clearway.dask.score(lazy(arrays, chunks), RECIPE, nodata=NODATA, **UTM)
    # No client: threads, and nothing computed before it is asked for.
    assert dask.is_dask_collection(scores) and set(scores.data_vars) == set(GRIDS)
    assert all(start % 512 == 0 for sizes in scores.priority.data.chunks for start in np.cumsum(sizes)[:-1])
    found, summary = dask.compute(scores, clearway.dask.summary(scores))
    same(found, whole)
    assert told(summary) == told(clearway.summary(whole))
    assert found.rio.crs == whole.rio.crs and found.rio.transform() == whole.rio.transform()


def test_degrees_numpy_arrays_and_single_planes(arrays: dict[str, Any]) -> None:
    arrays = {name: array[:600, :700] for name, array in arrays.items()}
    wanted = clearway.score(arrays, RECIPE, nodata=NODATA, backend="cpu", **DEGREES)
    variables = {name: xarray.Variable(("y", "x"), array) for name, array in arrays.items()}
    variables["population"].attrs["_FillValue"] = -9999
    scores = clearway.dask.score(xarray.Dataset(variables), RECIPE, chunks=512, planes=["class", "exposure"], **DEGREES)
    assert list(scores.data_vars) == ["class", "exposure"]
    same(scores.compute(scheduler="sync"), wanted, ("class", "exposure"))


def test_nothing_is_walked_twice(arrays: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from clearway import _native

    walked: list[Any] = []
    walk_part = _native.walk_part

    def counting(job: Any, part: Any, steps: Any, *others: Any) -> Any:
        walked.extend((tuple(part), step) for step in steps)
        return walk_part(job, part, steps, *others)

    monkeypatch.setattr(_native, "walk_part", counting)
    arrays = {name: array[:530, :520] for name, array in arrays.items()}
    scores = clearway.dask.score(lazy(arrays, 512), RECIPE, nodata=NODATA, planes=["priority"], **UTM)
    dask.compute(scores, clearway.dask.summary(scores))
    assert len(walked) == len(set(walked)) and len({part for part, _ in walked}) == 4
    assert {"exposure", "quantile-1-0", "priority", "rank"} <= {step for _, step in walked}


ROBUSTNESS = {"robustness": {"samples": 20, "hazard_sigma": 0.5, "cost_sigma": 0.3}}
ORDERED = {"benefit": "ordered", "criteria": [
    {"name": "people", "layer": "exposure", "value": {"linear": [0, "max"]}, "threshold": 0.5},
    {"name": "slope", "layer": "slope", "value": "quantile"},
]}


@pytest.mark.parametrize("changes", [
    ROBUSTNESS, ORDERED, ORDERED | ROBUSTNESS,
    {"benefit": "sum", "priority_by": "benefit", "exposure": {"kernel": "none"}},
], ids=["robustness", "ordered", "ordered with robustness", "by benefit"])
def test_every_kind_of_recipe(arrays: dict[str, Any], changes: dict[str, Any]) -> None:
    arrays = {name: array[:530, :520] for name, array in arrays.items()}
    recipe = RECIPE | changes
    wanted = clearway.score(arrays, recipe, nodata=NODATA, backend="cpu", **UTM)
    scores = clearway.dask.score(lazy(arrays, 512), recipe, nodata=NODATA, **UTM)
    assert set(scores.data_vars) == set(wanted.data_vars)
    found, summary = dask.compute(scores, clearway.dask.summary(scores))
    same(found, wanted, wanted.data_vars)
    assert told(summary) == told(clearway.summary(wanted))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> clearway.Project:
    """A region larger than a part, with roads whose distance is a criterion."""
    return clearway.synth(tmp_path_factory.mktemp("dask") / "region", size=1100, seed=5)


@pytest.fixture(scope="module")
def command(project: clearway.Project, tmp_path_factory: pytest.TempPathFactory) -> clearway.Run:
    return project.score(tmp_path_factory.mktemp("dask") / "scores", backend="cpu")


def test_rasters_are_read_by_window(client: Any, project: clearway.Project, command: clearway.Run) -> None:
    scores = clearway.dask.score(project.path, chunks=512)
    assert len(scores.priority.data.chunks[0]) == 3
    found, summary = dask.compute(scores, clearway.dask.summary(scores))
    for name in GRIDS:
        with rasterio.open(command.files[f"{name}.tif"]) as file:
            written = file.read(1)
            if name != "class":
                written = np.where(written == file.nodata, np.nan, written).astype(np.float32)
            assert (bits(found[name].values) == bits(written)).all(), name
    record = command.record["results"]["score"]
    assert {key: summary[key] for key in record if key != "tile_cells"} == {
        key: value for key, value in record.items() if key != "tile_cells"}
    assert sorted(summary["warnings"]) == sorted(command.warnings)


def test_layers_made_of_features_need_whole_rows(arrays: dict[str, Any], tmp_path: Path) -> None:
    arrays = {name: array[:530, :520] for name, array in arrays.items()}
    line = {"type": "LineString", "coordinates": [[500_100, 5_499_900], [512_000, 5_485_000]]}
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32636"}}
    (tmp_path / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    recipe = {"criteria": [*RECIPE["criteria"], {
        "name": "roads", "layer": "roads", "measure": "proximity", "weight": 1, "value": {"linear": [5000, 0]}}]}
    said: dict[str, Any] = {"layers": {"roads": {"path": "roads.geojson"}}, "folder": tmp_path, "nodata": NODATA, **UTM}
    wanted = clearway.score(arrays, recipe, backend="cpu", **said)
    scores = clearway.dask.score(lazy(arrays, 512), recipe, **said)
    assert scores.priority.data.chunks == ((512, 18), (520,))
    same(scores.compute(), wanted)
    near = {"name": "near", "layer": "slope", "measure": "proximity", "weight": 1, "value": {"linear": [5000, 0]}}
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.dask.score(lazy(arrays, 512), {"criteria": [near]}, nodata=NODATA, **UTM)
    assert code(caught) == ["part.whole_layer"] and "raster of distances" in str(caught.value)


def test_faults_are_those_of_the_whole_layers(arrays: dict[str, Any], whole: xarray.Dataset) -> None:
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.dask.score(lazy(arrays, 512), RECIPE | {"benefits": "risk", "classes": [50, 20]}, **UTM)
    assert set(code(caught)) == {"project.value", "project.unknown_key"}
    wrong = {**arrays, "hazard": arrays["hazard"] * 90, "cost": arrays["cost"].copy()}
    wrong["cost"][1050, 1200] = 0
    with pytest.raises(clearway.ClearwayError) as one:
        clearway.score(wrong, RECIPE, nodata=NODATA, backend="cpu", **UTM)
    # Also where only planes of the first round are asked for.
    scores = clearway.dask.score(lazy(wrong, 512), RECIPE, nodata=NODATA, planes=["exposure"], **UTM)
    with pytest.raises(clearway.ClearwayError) as parts:
        scores.compute()
    assert parts.value.faults == one.value.faults and code(parts) == ["layer.hazard_range", "layer.cost_range"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.dask.score("project.toml", RECIPE)
    assert code(caught) == ["dask.project"]
    for ask in (clearway.dask.summary, clearway.summary):
        with pytest.raises(clearway.ClearwayError) as caught:
            ask(whole.assign_attrs(clearway='{"lazy": "gone"}'))
        assert code(caught) == ["dask.summary"]


def test_a_worker_that_is_killed_changes_no_bit(client: Any, arrays: dict[str, Any], whole: xarray.Dataset) -> None:
    scores = clearway.dask.score(lazy(arrays, 512), RECIPE, nodata=NODATA, **UTM)
    future = client.compute(scores)

    def begun(dask_scheduler: Any) -> bool:
        """Whether planes of the second round lie in memory."""
        made = (task for key, task in dask_scheduler.tasks.items() if "clearway-walk-" in str(key) and "priority" in str(key))
        return any(task.state == "memory" for task in made)

    pids = client.run(os.getpid)
    while not client.run_on_scheduler(begun) and not future.done():
        time.sleep(0.01)
    assert not future.done()
    os.kill(next(iter(pids.values())), signal.SIGKILL)
    same(future.result(), whole)
    client.wait_for_workers(2)


def test_scenarios_are_runs_in_tasks(client: Any, tmp_path: Path) -> None:
    project = clearway.synth(tmp_path / "region", size=96, seed=3)
    scenarios = tmp_path / "SCENARIOS.toml"
    scenarios.write_text('[[scenario]]\nname = "people"\nset = { "score.criteria.people.weight" = 6 }\n'
                         '[[scenario]]\nname = "money"\ngrid = { "plan.budget_usd" = [500000, 900000] }\n')
    options: dict[str, Any] = {"backend": "cpu", "iterations": 100, "threads": 1}
    compared = clearway.dask.batch(project, scenarios, tmp_path / "dask", at_once=2, **options)
    assert not (tmp_path / "dask").exists()
    found = compared.compute()
    wanted = project.batch(scenarios, tmp_path / "alone", **options)
    assert found["kept"] == len(found["scenarios"]) == 4 and not found["failed"]
    for ours, theirs in zip(found["scenarios"], wanted["scenarios"], strict=True):
        assert {key: value for key, value in ours.items() if key != "seconds"} == {
            key: value for key, value in theirs.items() if key != "seconds"}
    for file in sorted((tmp_path / "alone").rglob("*.csv")):
        if file.name != "scenarios.csv":  # which tells seconds
            assert file.read_bytes() == (tmp_path / "dask" / file.relative_to(tmp_path / "alone")).read_bytes(), file
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.dask.batch(project, scenarios, tmp_path / "secret", redact=1000.0)
    assert code(caught) == ["batch.redact"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.dask.batch(project, scenarios, tmp_path / "dask", seed=2, **options).compute()
    assert code(caught) == ["out.exists"]
