# %% [markdown]
# # Clearway in a notebook
#
# From layers to a plan on a region that is wholly made up: score every cell, outline task areas, plan teams, and do the
# same in one step from a project file. Needs `pip install "clearway[grids,areas,tables]"`.
#
# Nothing computed here says that ground is free of hazards. A low priority, or a cell that is not scored, is no more than
# that: it is where other ground comes first, or where something is not known.

# %%
from pathlib import Path

import clearway
import geopandas
import numpy as np
import pandas
import rioxarray
import xarray

print("clearway", clearway.__version__)

# %% [markdown]
# ## A region to try it on
#
# `synth` writes layers, hazardous areas, settlements, teams and a project file into a folder. The same seed gives the
# same bytes.

# %%
project = clearway.synth("region", preset="hillside", size=160, seed=1)
folder = Path(project.path).parent
print(sorted(path.name for path in folder.iterdir()))

# %% [markdown]
# `check` reads all inputs and says what is odd about them, before any work. Faults are raised, all of them together, each
# with its place and how to mend it.

# %%
for name, text in project.check()["facts"].items():
    print(f"{name:24} {text}")

try:
    clearway.Project.open(project.path, overrides={"score.exposure.sigma_m": -1, "plan.yeers": 3})
except clearway.ClearwayError as error:
    for fault in error.faults:
        print(fault.code, "|", fault.place, "| expected", fault.expected, "|", fault.fix)

# %% [markdown]
# ## Scores
#
# Layers are variables of a dataset. Cells that are NaN or equal the variable's `_FillValue` are unknown: they are not
# scored, and never taken for zero. Arrays are read where they lie; nothing is copied.

# %%
layers = xarray.Dataset(
    {
        name: rioxarray.open_rasterio(folder / f"{name}.tif").squeeze("band", drop=True)  # type: ignore[union-attr]
        for name in ("hazard", "population", "cost")
    }
)
recipe = {
    "exposure": {"kernel": "gaussian", "sigma_m": 1000},
    "criteria": [
        {"name": "people", "layer": "exposure", "weight": 3, "value": {"linear": [0, "max"]}},
        {"name": "roads", "layer": "roads", "measure": "proximity", "weight": 1, "value": {"linear": [3000, 0]}},
    ],
}
scores = clearway.score(layers, recipe, layers={"roads": {"path": str(folder / "roads.geojson")}})
print(scores)

# %% [markdown]
# `priority` is a percentile: 100 comes first. What scoring found over the whole grid is its `summary`; the curve says what
# share of the exposure the first tenth of the ground holds.

# %%
found = clearway.summary(scores)
tenth = next(point for point in found["curve"] if point["percent"] >= 10)
print(f"{found['scored_cells']} of {found['cells']} cells are scored")
print(f"the first tenth holds {tenth['exposure_ha'] / found['exposure_ha']:.0%} of the exposure")
for warning in found["warnings"]:
    print("!", warning)

# %% [markdown]
# Planes are written as they are, with CRS and nodata (-9999 on disk), by rioxarray.

# %%
scores["priority"].rio.to_raster("priority.tif")

# %% [markdown]
# The same layers with people weighing less: where do ranks change?

# %%
recipe["criteria"][0]["weight"] = 1  # type: ignore[index]
other = clearway.score(layers, recipe, layers={"roads": {"path": str(folder / "roads.geojson")}}, planes=["priority"])
change = (other["priority"] - scores["priority"]).to_numpy()
print(f"ranks change by {np.nanmean(np.abs(change)):.1f} points on average")

# %% [markdown]
# ## Task areas
#
# From hazardous areas in a GeoDataFrame, or grown from the priority. What is odd about the areas is warned of.

# %%
areas = geopandas.read_file(folder / "hazardous_areas.geojson")
tasks = clearway.tasks(scores, areas, hazard=layers["hazard"], imsma_id="imsma_id")
print(tasks[["task_id", "rank", "class", "area_m2", "exposure_ha", "cost_usd"]].sort_values("rank", ascending=False).head())

grown = clearway.tasks(scores, hazard=layers["hazard"], min_rank=90)
print(len(tasks), "tasks from areas,", len(grown), "grown from the first tenth")

# %% [markdown]
# ## A plan
#
# Tasks and teams as tables. Tasks whose worth is unknown cannot be planned: they are left out here, by us and knowingly.

# %%
teams = pandas.read_csv(folder / "teams.csv")[["team_id", "lon", "lat", "rate_m2_per_day"]]
known = tasks.dropna(subset=["exposure_ha", "cost_usd"])
plan = clearway.plan(
    known, teams, objective="discounted", horizon_days=730, budget=1_000_000, iterations=2000, seed=1,
    progress=lambda progress: print("  ", progress.note) if progress.note else None,
)
print(f"worth {plan['objective_value']:.1f}, proven within {plan['gap_percent']:.2f} % of the best possible")
print(plan.stops()[["team", "position", "task", "start", "end"]].head())
print(len(plan.left_out()), "tasks are left out")

# %% [markdown]
# ## All of it from a project file
#
# `Project.run` does what `clearway run` does, with the same bytes: grids, task areas, plan, tables, maps, report and the
# record of all inputs and settings.

# %%
run = project.run("runs/first", iterations=2000, overrides={"plan.budget_usd": 1_000_000})
print(run.plan_table().head())
print(run.record["engine"], len(run.warnings), "warnings")
print(run.verify()["holds"])

# %% [markdown]
# The grids of a run are those of `score` on the same layers and settings, bit for bit.

# %%
everything = xarray.Dataset(
    {
        name: rioxarray.open_rasterio(folder / table["path"]).squeeze("band", drop=True)  # type: ignore[union-attr]
        for name, table in project.settings["layers"].items()
        if isinstance(table, dict) and str(table.get("path", "")).endswith(".tif")
    }
)
again = clearway.score(everything, project)["priority"].to_numpy()
written = run.grid("priority").to_numpy()
difference = np.nan_to_num(again, nan=-1) - np.nan_to_num(written, nan=-1)
print("largest difference:", np.abs(difference).max())
