"""Task areas over arrays, to and from GeoDataFrames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import clearway
import geopandas
import numpy as np
import pandas
import pytest

NUMBERS = ["area_m2", "scored_share", "hazard_mean", "people_at_risk", "exposure_ha", "benefit", "cost_usd",
           "benefit_per_kusd", "rank", "rank_mean", "lon", "lat"]


@pytest.fixture(scope="module")
def scores(project: clearway.Project, layers: Any) -> Any:
    return clearway.score(layers, project, backend="cpu")


@pytest.mark.filterwarnings("ignore::clearway.TaskWarning")
def test_areas_come_to_the_tasks_of_a_run(
    project: clearway.Project, run: clearway.Run, layers: Any, scores: Any
) -> None:
    settings = project.settings["tasks"]["areas"]
    areas = geopandas.read_file(Path(project.path).parent / settings["path"])
    settlements = pandas.read_csv(Path(project.path).parent / "settlements.csv")
    made = clearway.tasks(
        scores, areas, hazard=layers.hazard, id=settings.get("id"), imsma_id=settings.get("imsma_id"), settlements=settlements
    )
    written = pandas.read_csv(run.files["tasks.csv"])
    assert made["task_id"].tolist() == written["task_id"].tolist()
    for name in NUMBERS:
        np.testing.assert_allclose(made[name].to_numpy(float), written[name].to_numpy(float), rtol=1e-8, err_msg=name)
    assert made["class"].tolist() == written["class"].tolist()
    assert made["nearest_settlement"].tolist() == written["nearest_settlement"].tolist()
    assert made.crs.to_epsg() == scores.rio.crs.to_epsg() and made.geometry.is_valid.all()
    np.testing.assert_allclose(made.geometry.area, made["area_m2"], rtol=1e-9)
    # The areas' own columns travel along.
    assert set(areas.columns) - {"geometry", "imsma_id"} <= {name.removeprefix("source_") for name in made.columns}


@pytest.mark.filterwarnings("ignore::clearway.TaskWarning")
def test_grown_tasks_can_be_planned(layers: Any, scores: Any) -> None:
    grown = clearway.tasks(scores, hazard=layers.hazard, min_rank=85, max_area_m2=50_000)
    assert len(grown) > 3 and (grown["rank_mean"] >= 85).all()
    teams = [{"team_id": "M1", "lon": grown.lon[0], "lat": grown.lat[0], "rate_m2_per_day": 600}]
    plan = clearway.plan(grown.dropna(subset=["exposure_ha"]), teams, objective="collect", horizon_days=200, iterations=300)
    assert set(plan.stops()["task"]) <= set(grown["task_id"]) and plan["objective_value"] > 0


def test_broken_areas_are_repaired_and_named_and_closed_ones_left_out(layers: Any, scores: Any) -> None:
    from shapely.geometry import Polygon, box

    left, bottom, right, top = scores.rio.bounds()
    x, y, side = (left + right) / 2, (bottom + top) / 2, 400
    bow = Polygon([(x, y), (x + side, y + side), (x + side, y), (x, y + side)])
    areas = geopandas.GeoDataFrame(
        {"name": ["bow", "box", "done"], "status": ["open", "open", "Completed"],
         "since": pandas.Series([pandas.Timestamp("2020-01-01"), pandas.NaT, pandas.Timestamp("2021-01-01")])},
        geometry=[bow, box(x - side, y, x, y + side), box(x, y - side, x + side, y)], crs=scores.rio.crs,
    ).to_crs(4326)
    with pytest.warns(clearway.TaskWarning):
        made = clearway.tasks(scores, areas, hazard=layers.hazard, id="name", status_column="status")
    assert made["task_id"].tolist() == ["bow", "box"]
    assert any("bow" in text for text in made.attrs["warnings"]) and any("done" in text for text in made.attrs["warnings"])
    assert made["since"].tolist()[0].startswith("2020-01-01")


def test_faults_name_planes_columns_and_crs(layers: Any, scores: Any) -> None:
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.tasks(scores[["priority", "benefit"]], hazard=layers.hazard)
    assert {fault.code for fault in caught.value.faults} == {"tasks.plane"} and len(caught.value.faults) == 2
    areas = geopandas.GeoDataFrame({"name": ["a"]}, geometry=geopandas.points_from_xy([30], [50]))
    with pytest.raises(clearway.ClearwayError, match="areas.crs"):
        clearway.tasks(scores, areas, hazard=layers.hazard)
    with pytest.raises(clearway.ClearwayError, match="no_such_column"):
        clearway.tasks(scores, areas.set_crs(4326), hazard=layers.hazard, id="no_such_column")
    with pytest.raises(clearway.ClearwayError, match="grow.out_of_range"):
        clearway.tasks(scores, hazard=layers.hazard, min_rank=120)
