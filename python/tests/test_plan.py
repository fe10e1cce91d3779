"""Plans of dicts and DataFrames."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import clearway
import pandas
import pytest

PROBLEM: dict[str, Any] = {
    "objective": "collect",
    "horizon_days": 10,
    "distance": {"kind": "euclidean"},
    "teams": [{"id": "M1", "at": [0, 0], "end_at": [0, 0]}],
    # Out and back along a line: 2 + 2 x 1 days of work for the near two, 8 + 1 for the far one alone, 2 x 4 + 3 for all.
    "tasks": [
        {"id": "near", "at": [1, 0], "worth": 3, "work": 1},
        {"id": "behind", "at": [-1, 0], "worth": 3, "work": 1},
        {"id": "far", "at": [4, 0], "worth": 5, "work": 1},
    ],
}


def large(n_tasks: int = 400) -> dict[str, Any]:
    """A problem whose search takes as long as it may."""
    tasks = [{"id": f"T{i}", "at": [i * 37 % 101, i * 53 % 97], "worth": 1 + i % 7, "work": 1} for i in range(n_tasks)]
    teams = [{"id": f"M{i}", "at": [50, 50], "speed_per_day": 10} for i in range(5)]
    return PROBLEM | {"horizon_days": 60, "teams": teams, "tasks": tasks}


def test_plan_of_a_dict_is_what_plan_json_holds() -> None:
    plan = clearway.plan(PROBLEM, iterations=200)
    # far and near lie on one way: 8 days of travel and 2 of work, worth 8; all three would take 13 days.
    assert plan["objective_value"] == 8
    assert plan["routes"][0]["team"] == "M1"
    assert {stop["id"] for stop in plan["routes"][0]["tasks"]} == {"near", "far"}
    assert plan["unassigned"][0]["id"] == "behind"
    assert plan["problem"]["tasks"][0]["id"] == "near"
    assert {"bound", "gap_percent", "baselines", "seconds", "iterations", "seed"} <= set(plan) | {"bound"}
    assert plan.stops()["task"].tolist() == [stop["id"] for stop in plan["routes"][0]["tasks"]]
    assert plan.left_out()["id"].tolist() == ["behind"]


def test_same_seed_and_iterations_give_the_same_plan_on_any_threads() -> None:
    plans = [clearway.plan(large(60), iterations=3000, seed=7, threads=threads) for threads in (1, 2)]
    assert plans[0]["routes"] == plans[1]["routes"]


def test_dataframes_of_tasks_and_teams_are_the_same_problem() -> None:
    tasks = pandas.DataFrame(
        {"id": ["near", "behind", "far"], "x": [1, -1, 4], "y": [0, 0, 0], "worth": [3, 3, 5], "work": [1.0, 1.0, 1.0],
         "needs": [None, "manual; dogs", None]}
    )
    teams = pandas.DataFrame({"id": ["M1"], "x": [0], "y": [0], "end_at": [[0, 0]], "capabilities": ["manual;dogs"]})
    plan = clearway.plan(tasks, teams, objective="collect", horizon_days=10, distance={"kind": "euclidean"}, iterations=200)
    assert plan["objective_value"] == 8
    assert plan["problem"]["tasks"][1]["needs"] == ["manual", "dogs"]
    assert "needs" not in plan["problem"]["tasks"][0]


def test_task_areas_and_a_table_of_teams_make_a_geodesic_problem() -> None:
    areas = [{"task_id": "A", "lon": 30.0, "lat": 50.0, "exposure_ha": 4.0, "cost_usd": 100.0, "area_m2": 500.0,
              "difficulty": 2.0, "hazard_mean": 0.4}]
    teams = [{"team_id": "M1", "name": "first", "asset_type": "manual", "lon": 30.0, "lat": 50.0, "rate_m2_per_day": 250}]
    plan = clearway.plan(areas, teams, objective="collect", horizon_days=30, iterations=50)
    task = plan["problem"]["tasks"][0]
    assert (task["work"], task["worth"], task["cost"]) == (1000.0, 4.0, 100.0)
    assert plan["problem"]["distance"]["kind"] == "geodesic"
    # 1000 m² of work at 250 m² a day.
    stop = plan.stops().iloc[0]
    assert stop["end"] - stop["start"] == pytest.approx(4.0)


def test_faults_come_together_with_code_place_and_fix() -> None:
    broken = PROBLEM | {"tasks": [{"id": "A", "at": [0, 0], "worth": -1}, {"id": "A", "at": [0, 0], "worth": 1, "needz": []}]}
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.plan(broken)
    assert caught.value.exit_code == 2 and len(caught.value.faults) >= 1
    for fault in caught.value.faults:
        assert fault.code.startswith("problem.") and fault.expected and fault.found and fault.fix
        assert fault.code in str(caught.value)


def test_numbers_that_are_none_are_named() -> None:
    with pytest.raises(clearway.ClearwayError, match="problem.value"):
        clearway.plan(PROBLEM | {"budget": float("nan")})


def test_progress_tells_best_bound_and_gap() -> None:
    told: list[clearway.Progress] = []
    clearway.plan(large(80), iterations=20_000, progress=told.append)
    notes = [each.note for each in told if each.note]
    assert any("best" in note and "gap" in note for note in notes)


def test_callback_that_returns_false_keeps_the_best_plan() -> None:
    begun = time.monotonic()
    plan = clearway.plan(large(), seconds=120, progress=lambda progress: False)
    assert time.monotonic() - begun < 60
    assert plan["routes"] and any("interrupted" in warning for warning in plan["warnings"])


def test_exception_of_a_callback_is_raised() -> None:
    class Mine(Exception):
        pass

    def stop(progress: clearway.Progress) -> None:
        raise Mine("enough")

    with pytest.raises(Mine, match="enough"):
        clearway.plan(large(), seconds=120, progress=stop)


def test_ctrl_c_ends_the_search() -> None:
    # A shell has what it starts in the background ignore the signal, and Python then has no handler of its own.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            clearway.plan(large(), seconds=120)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 60


def test_other_threads_run_meanwhile() -> None:
    ticks = 0
    is_over = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not is_over.wait(0.01):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        clearway.plan(large(), seconds=1.0)
    finally:
        is_over.set()
        thread.join()
    assert ticks > 10
