"""Whole projects: what the commands do."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path

import clearway
import pytest


def test_run_gives_paths_record_and_tables(run: clearway.Run) -> None:
    assert run.files["priority.tif"].is_file() and run.files["plan.csv"].is_file()
    assert run.record["seed"] == 3 and run.record["version"] == clearway.__version__
    table = run.plan_table()
    assert len(table) == run.summary["plan"]["tasks_done"] and table["start"].dtype.kind == "M"
    assert run.plan["objective_value"] == run.summary["plan"]["objective_value"]
    tasks = run.tasks()
    assert len(tasks) == run.summary["tasks"]["count"] and tasks.crs is not None
    assert clearway.verify(run.out_dir)["sound"] is True and run.verify()["violations"] == []


def test_a_run_is_opened_again_from_its_folder(run: clearway.Run) -> None:
    again = clearway.Run.open(run.out_dir)
    assert again.files.keys() == run.files.keys() and again.warnings == run.warnings
    assert again.summary["plan"] == run.summary["plan"]


def test_overrides_and_options_are_the_command_lines(project: clearway.Project, tmp_path: Path) -> None:
    changed = project.plan(
        tmp_path / "less", overrides={"plan.budget_usd": 100_000, "plan.objective": "collect"}, backend="cpu", iterations=200
    )
    assert changed.record["settings"]["plan"]["budget_usd"] == 100_000
    assert changed.plan["problem"]["budget"] == 100_000
    with pytest.raises(clearway.ClearwayError) as caught:
        project.plan(tmp_path / "less", backend="cpu", iterations=200)
    assert caught.value.faults[0].code == "out.exists" or "overwrite" in str(caught.value)
    with pytest.raises(TypeError, match="unknown options iteration"):
        project.run(tmp_path / "other", iteration=5)


def test_replan_from_a_day_on(run: clearway.Run, project: clearway.Project, tmp_path: Path) -> None:
    again = project.plan(tmp_path / "again", from_run=run.out_dir, date="2028-01-01", backend="cpu",
                         iterations=200, overrides={"plan.budget_usd": 10_000_000})
    assert again.record["options"]["date"] == "2028-01-01"
    with pytest.raises(clearway.ClearwayError, match="options.date"):
        project.plan(tmp_path / "never", from_run=run.out_dir, date="soon")


def test_check_gives_facts_and_oddities(project: clearway.Project) -> None:
    found = project.check()
    assert "frame" in found["facts"] and isinstance(found["oddities"], list)


def test_faults_of_a_project_have_their_lines(project: clearway.Project, tmp_path: Path) -> None:
    text = Path(project.path).read_text(encoding="utf-8")
    broken = tmp_path / "project.toml"
    broken.write_text(text.replace("[score]", "[score]\nbenefitt = 1"), encoding="utf-8")
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.Project.open(broken)
    unknown = next(fault for fault in caught.value.faults if fault.code == "project.unknown_key")
    assert unknown.line is not None and unknown.text is not None and "benefitt" in unknown.text
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == caught.value.faults and str(again) == str(caught.value)


def test_progress_of_a_run_names_its_steps(project: clearway.Project, tmp_path: Path) -> None:
    stages: list[str] = []
    project.score(tmp_path / "scores", backend="cpu", progress=lambda progress: stages.append(progress.stage))
    assert {"exposure", "priority", "rank"} <= set(stages)


def test_a_run_that_is_stopped_leaves_nothing_half_written(project: clearway.Project, tmp_path: Path) -> None:
    with pytest.raises(clearway.Interrupted):
        project.score(tmp_path / "stopped", backend="cpu", progress=lambda progress: progress.stage != "exposure")
    assert not (tmp_path / "stopped" / "run.json").exists()


def test_explain_names_a_cell_and_a_task(run: clearway.Run) -> None:
    task = run.tasks().iloc[0]
    told = clearway.explain(run.out_dir, task=task["task_id"])
    assert task["task_id"] in json.dumps(told)
    with pytest.raises(TypeError):
        clearway.explain(run.out_dir)


def test_batch_compares_scenarios(project: clearway.Project, tmp_path: Path) -> None:
    scenarios = tmp_path / "scenarios.toml"
    scenarios.write_text('[[scenario]]\nname = "less"\nset = { "plan.budget_usd" = 200000 }\n', encoding="utf-8")
    told = project.batch(scenarios, tmp_path / "batch", backend="cpu", iterations=300)
    assert [row["name"] for row in told["scenarios"]][-1] == "less" and told["failed"] == []


def test_version_is_the_binarys(binary: str) -> None:
    told = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout
    assert told.splitlines()[0].split()[-1] == clearway.__version__


def test_run_writes_the_bytes_of_the_command(project: clearway.Project, binary: str, tmp_path: Path) -> None:
    ours = project.run(tmp_path / "python", backend="cpu", iterations=200)
    subprocess.run(
        [binary, "run", str(project.path), "--out", str(tmp_path / "command"), "--backend", "cpu", "--iterations", "200",
         "--quiet"],
        check=True, capture_output=True,
    )
    for name in ("priority.tif", "class.tif", "tasks.csv", "plan.csv", "curve.csv"):
        assert ours.files[name].read_bytes() == (tmp_path / "command" / name).read_bytes(), name
