"""What the tests share: a small made-up region, run once by the command's own library."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import clearway
import pytest


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> clearway.Project:
    """A region of 96 x 96 cells in UTM, with polygons, roads and teams."""
    return clearway.synth(tmp_path_factory.mktemp("region"), size=96, seed=3)


@pytest.fixture(scope="session")
def binary() -> str:
    """The command, built from the same source: `./test` says where it lies."""
    path = os.environ.get("CLEARWAY_BINARY")
    if path is None:
        pytest.skip("CLEARWAY_BINARY does not name the command to compare with")
    return path


@pytest.fixture(scope="session")
def run(project: clearway.Project, tmp_path_factory: pytest.TempPathFactory) -> clearway.Run:
    """The region's whole run, natively, with a short search and few files."""
    few = {"outputs.formats": ["gpkg"]}
    return project.run(tmp_path_factory.mktemp("runs") / "whole", backend="cpu", iterations=500, overrides=few)


@pytest.fixture(scope="session")
def scored(project: clearway.Project, tmp_path_factory: pytest.TempPathFactory) -> clearway.Run:
    """The region's grids alone."""
    return project.score(tmp_path_factory.mktemp("runs") / "scores", backend="cpu")


@pytest.fixture(scope="session")
def layers(project: clearway.Project) -> Any:
    """The region's raster layers as a dataset, as rioxarray reads them: nodata in an attribute, nothing masked."""
    return open_layers(project)


def open_layers(project: clearway.Project, **options: Any) -> Any:
    """Raster layers of a project as a dataset."""
    import rioxarray
    import xarray

    opened: dict[str, Any] = {}
    for name, table in project.settings["layers"].items():
        path = Path(project.path).parent / table.get("path", "") if isinstance(table, dict) else Path()
        if path.suffix == ".tif":
            opened[name] = rioxarray.open_rasterio(path, **options).squeeze("band", drop=True)  # type: ignore[union-attr]
    return xarray.Dataset(opened)
