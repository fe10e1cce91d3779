"""The tutorial runs as it stands."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest


@pytest.mark.filterwarnings("ignore::clearway.TaskWarning")
def test_tutorial_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(Path(__file__).parents[1] / "tutorial.py"))
    assert names["run"].verify()["sound"] is True
    assert (names["difference"] == 0).all()
