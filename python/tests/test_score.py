"""Scores of arrays: the bits of `clearway score`, unknown ground, faults, memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import clearway
import numpy as np
import pytest
import rasterio
import xarray

GRIDS = ("priority", "class", "benefit", "cost", "benefit_per_cost", "exposure", "people_at_risk")


def bits(array: Any) -> Any:
    """Cells as whole numbers, all unknown ones alike."""
    array = np.asarray(array)
    if array.dtype == np.uint8:
        return array
    return np.where(np.isnan(array), np.uint32(0xFFFFFFFF), array.view(np.uint32))


def test_scores_are_the_bits_of_clearway_score(project: clearway.Project, scored: clearway.Run, layers: Any) -> None:
    scores = clearway.score(layers, project, backend="cpu")
    assert set(scores.data_vars) == set(GRIDS)
    for name in GRIDS:
        with rasterio.open(scored.files[f"{name}.tif"]) as file:
            written = file.read(1)
            assert file.nodata == (0 if name == "class" else -9999)
            unknown = written == file.nodata
        found = scores[name].values
        if name != "class":
            assert (np.isnan(found) == unknown).all() and not unknown.all()
            written = np.where(unknown, np.nan, written).astype(np.float32)
        assert (bits(found) == bits(written)).all(), name
    summary = clearway.summary(scores)
    assert summary["scored_cells"] == scored.record["results"]["score"]["scored_cells"] == int((scores["class"] > 0).sum())


def test_crs_and_nodata_are_rioxarrays(project: clearway.Project, scored: clearway.Run, layers: Any, tmp_path: Path) -> None:
    scores = clearway.score(layers, project, backend="cpu")
    assert scores.rio.crs == layers.rio.crs and scores.rio.transform() == layers.rio.transform()
    assert np.isnan(scores.priority.rio.nodata) and scores.priority.rio.encoded_nodata == -9999
    scores.priority.rio.to_raster(tmp_path / "priority.tif")
    scores["class"].rio.to_raster(tmp_path / "class.tif")
    for name in ("priority", "class"):
        with rasterio.open(tmp_path / f"{name}.tif") as ours, rasterio.open(scored.files[f"{name}.tif"]) as theirs:
            assert ours.crs == theirs.crs and ours.transform == theirs.transform and ours.nodata == theirs.nodata
            assert (ours.read(1) == theirs.read(1)).all()
    scores.to_netcdf(tmp_path / "scores.nc", engine="scipy") if _has("scipy") else None


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def plain(size: int = 24) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays without a place, and the place."""
    rng = np.random.default_rng(4)
    arrays = {
        "hazard": rng.random((size, size), dtype=np.float32),
        "population": rng.integers(0, 50, (size, size)).astype(np.float32),
        "cost": 1 + rng.random((size, size), dtype=np.float32),
    }
    return arrays, {"crs": "EPSG:32636", "transform": (30.0, 0.0, 500_000.0, 0.0, -30.0, 5_500_000.0)}


def test_numpy_arrays_score_like_a_dataset() -> None:
    arrays, place = plain()
    scores = clearway.score(arrays, **place, backend="cpu")
    assert scores.priority.shape == (24, 24) and scores.rio.crs.to_epsg() == 32636
    assert float(scores.x[0]) == 500_015.0 and float(scores.y[0]) == 5_499_985.0
    # 900 m² a cell at cost US$ per m².
    np.testing.assert_array_equal(scores.cost.values, arrays["cost"] * np.float32(900))
    # The first cell by hand: risk, people alone with linear [0, max], benefit times area per cost.
    benefit = arrays["hazard"] * (scores.exposure.values / scores.exposure.values.max())
    np.testing.assert_allclose(scores.benefit.values, benefit, rtol=1e-6)
    assert float(scores.priority.max()) == 100.0 and float(scores.priority.min()) == 0.0
    dataset = xarray.Dataset({name: (("y", "x"), array) for name, array in arrays.items()},
                             coords={"y": scores.y, "x": scores.x})
    again = clearway.score(dataset, crs=32636, backend="cpu")
    for name in GRIDS:
        assert (bits(again[name]) == bits(scores[name])).all(), name


@pytest.mark.parametrize("dtype", ["float64", "int16", "uint8", "int64", "float16", ">f4", "bool"])
def test_numbers_of_any_kind_are_read(dtype: str) -> None:
    arrays, place = plain()
    population = (arrays["population"] > 25) if dtype == "bool" else arrays["population"]
    wanted = clearway.score(arrays | {"population": population.astype("float32")}, **place, backend="cpu")
    found = clearway.score(arrays | {"population": population.astype(dtype)}, **place, backend="cpu")
    assert (bits(found.priority) == bits(wanted.priority)).all()


def test_unknown_is_nan_or_nodata_and_never_zero() -> None:
    arrays, place = plain()
    arrays["hazard"][3, 4] = np.nan
    arrays["population"][5, 6] = -9999
    arrays["cost"][7, 8] = np.inf
    variables = {name: xarray.Variable(("y", "x"), array) for name, array in arrays.items()}
    variables["population"].attrs["_FillValue"] = -9999.0
    scores = clearway.score(xarray.Dataset(variables), **place, backend="cpu")
    by_argument = clearway.score(arrays, nodata={"population": -9999}, **place, backend="cpu")
    for at in ((3, 4), (5, 6), (7, 8)):
        assert np.isnan(scores.priority.values[at]) and np.isnan(scores.benefit.values[at])
        assert scores["class"].values[at] == 0
    assert int(np.isnan(scores.priority.values).sum()) == 3
    assert clearway.summary(scores)["unknown_cells"]["population"]["unknown"] == 1
    assert (bits(by_argument.priority) == bits(scores.priority)).all()


def test_steps_and_views_are_read_in_place() -> None:
    arrays, place = plain()
    wide = {name: np.repeat(np.repeat(array, 2, 0), 2, 1) for name, array in arrays.items()}
    views = {name: array[::2, ::2] for name, array in wide.items()}
    assert not views["hazard"].flags["C_CONTIGUOUS"]
    found, wanted = (clearway.score(each, **place, backend="cpu") for each in (views, arrays))
    assert (bits(found.priority) == bits(wanted.priority)).all()
    turned = {name: np.asfortranarray(array) for name, array in arrays.items()}
    assert (bits(clearway.score(turned, **place, backend="cpu").priority) == bits(wanted.priority)).all()


def test_recipes_are_the_projects_table() -> None:
    arrays, place = plain()
    arrays["slope"] = np.linspace(0, 40, 24 * 24, dtype=np.float32).reshape(24, 24)
    recipe = {
        "exposure": {"kernel": "none"},
        "benefit": "sum",
        "criteria": [
            {"name": "people", "layer": "exposure", "weight": 1, "value": {"linear": [0, "max"]}},
            {"name": "slope", "layer": "slope", "weight": 3, "value": {"linear": [40, 0]}},
        ],
        "gates": [{"layer": "slope", "exclude_above": 39}],
    }
    scores = clearway.score(arrays, recipe, planes=["benefit", "priority"], **place, backend="cpu")
    assert list(scores.data_vars) == ["benefit", "priority"]
    people = arrays["population"] / arrays["population"][arrays["slope"] <= 39].max()
    wanted = np.where(arrays["slope"] > 39, np.nan, (people + 3 * (1 - arrays["slope"] / 40)) / 4)
    np.testing.assert_allclose(scores.benefit.values, wanted, rtol=1e-5)
    units = clearway.score(arrays, {"exposure": {"kernel": "none"}},
                           layers={"population": {"unit": "people_per_km2"}}, **place, backend="cpu")
    np.testing.assert_allclose(units.exposure.values, arrays["population"] * 0.0009, rtol=1e-6)


def code(caught: pytest.ExceptionInfo[clearway.ClearwayError]) -> list[str]:
    return [fault.code for fault in caught.value.faults]


def test_faults_of_arrays_and_recipe_say_where_and_how() -> None:
    arrays, place = plain()
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays | {"cost": arrays["cost"][:5]}, **place)
    assert code(caught) == ["grid.shape"] and "cost 5 x 24" in str(caught.value)
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays)
    assert code(caught) == ["crs.missing", "grid.transform"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays, crs=32636, transform=(30, 0, 0, 0, 30, 0))
    assert code(caught) == ["grid.flipped"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays | {"hazard": arrays["hazard"] * 100}, **place)
    assert code(caught) == ["layer.hazard_range"] and "scale = 0.01" in caught.value.faults[0].fix
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays, {"classes": [50, 20], "benefits": "risk"}, **place)
    assert set(code(caught)) == {"project.value", "project.unknown_key"}
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score({"hazard": arrays["hazard"]}, **place)
    assert "project.missing_key" in code(caught)
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays | {"name": np.full((24, 24), "x")}, **place)
    assert code(caught) == ["grid.array"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays, planes=["rank"], **place)
    assert code(caught) == ["score.plane"]
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(arrays, crs="EPSG:99999", transform=place["transform"])
    assert code(caught) == ["crs.unknown"]


def test_scale_factors_that_are_not_applied_are_refused() -> None:
    arrays, place = plain()
    variables = {name: xarray.Variable(("y", "x"), array) for name, array in arrays.items()}
    variables["hazard"].attrs |= {"scale_factor": 0.01, "add_offset": 0.0}
    with pytest.raises(clearway.ClearwayError, match="mask_and_scale"):
        clearway.score(xarray.Dataset(variables), **place)


def test_a_part_of_a_dataset_lies_where_it_lies(layers: Any) -> None:
    part = layers.isel(x=slice(10, 60), y=slice(20, 90))
    scores = clearway.score(part, backend="cpu", planes=["priority"])
    assert scores.rio.transform().c == layers.rio.transform().c + 10 * layers.rio.transform().a
    assert scores.priority.shape == (70, 50)


def test_progress_and_stopping() -> None:
    arrays, place = plain()
    stages: list[str] = []
    clearway.score(arrays, **place, backend="cpu", progress=lambda progress: stages.append(progress.stage))
    assert {"check layers", "exposure", "rank"} <= set(stages)
    with pytest.raises(clearway.Interrupted):
        clearway.score(arrays, **place, backend="cpu", progress=lambda progress: False)


def test_inputs_are_not_copied() -> None:
    # Three layers of 64 MiB and one plane of results: with a copy of the layers the peak would lie 192 MiB higher.
    told = subprocess.run([sys.executable, "-c", textwrap.dedent(MEMORY)], check=True, capture_output=True, text=True)
    grown_mib = int(told.stdout)
    # Two planes between passes and the result are 64 MiB each, a third and tiles come on top.
    assert grown_mib < 420, f"{grown_mib} MiB"


MEMORY = """
    import resource
    import clearway, numpy as np
    n = 4096
    arrays = {name: np.full((n, n), value, np.float32) for name, value in (("hazard", 0.5), ("population", 3), ("cost", 2))}
    arrays["hazard"] *= np.linspace(0, 1, n, dtype=np.float32)
    place = {"crs": 32636, "transform": (30, 0, 500_000, 0, -30, 5_500_000)}
    small = {name: array[:64, :64] for name, array in arrays.items()}
    clearway.score(small, {"exposure": {"kernel": "none"}}, backend="cpu", **place)
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    before = peak()
    clearway.score(arrays, {"exposure": {"kernel": "none"}}, backend="cpu", planes=["priority"], memory=1 << 28, **place)
    print(peak() - before)
"""
