"""Our planner, OR-Tools and PyVRP on problems like our own: equal time, one thread each, judged by our judge alone.

    benches/peers/setup.sh && cargo build --release --example planners
    target/peers/bin/python benches/peers/planners.py --seconds 30 --jobs 1

Prints a row an instance: worth by our judge (`plan::check`) of each plan, and ends with exit code 1 where a peer is not
beaten. `--jobs` runs so many solvers side by side; no more than there are idle cores. What each peer is told of the
problem: restated.py. Every plan must be one that the judge finds nothing wrong with: where it does, tasks are dropped
one by one, greedily, until it does not (`dropped`).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOLVERS = ("ours", "ortools", "pyvrp")


def binary():
    named = os.environ.get("CLEARWAY_PLANNERS")
    built = [ROOT / "target" / profile / "examples" / "planners" for profile in ("release", "quick")]
    found = [pathlib.Path(named)] if named else [path for path in built if path.exists()]
    if not found:
        sys.exit("build our side first: cargo build --release --example planners")
    return str(max(found, key=lambda path: path.stat().st_mtime))


def asked(*arguments):
    done = subprocess.run([binary(), *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def solved(file, solver, options, out):
    """Plans, writes the plan down, and returns what the judge says of it."""
    began = time.perf_counter()
    if solver == "ours":
        plan = json.loads(asked("plan", file, options.seconds, options.threads, options.seed))
    elif solver == "ortools":
        import with_ortools

        plan = with_ortools.plan(json.loads(file.read_text()), options)
    else:
        import with_pyvrp

        plan = with_pyvrp.plan(json.loads(file.read_text()), options)
    seconds = time.perf_counter() - began
    written = out / f"{file.stem}.{solver}.json"
    written.write_text(json.dumps(plan))
    verdict = json.loads(asked("judge", file, written))
    bound, by_hand = plan.get("upper_bound"), plan.get("by_hand")
    return {
        "instance": file.stem,
        "solver": solver,
        "seconds": seconds,
        "bound": bound,
        "by_hand": by_hand,
        "note": plan.get("note", ""),
        "faults": len(verdict.pop("violations")),
        **verdict,
    }


def table(rows):
    """Markdown, and whether we are better than every peer everywhere."""
    by_instance = {}
    for row in rows:
        by_instance.setdefault(row["instance"], {})[row["solver"]] = row
    print("| instance | bound | by hand | ours | OR-Tools | PyVRP | dropped (OR-Tools, PyVRP) |")
    print("|---|---|---|---|---|---|---|")
    is_best = True
    for name, row in sorted(by_instance.items()):
        best = row.get("ours", {}).get("objective_value", 0.0)
        cells = [f"{row['ours'][key]:.1f}" if "ours" in row else "" for key in ("bound", "by_hand", "objective_value")]
        for peer in SOLVERS[1:]:
            if peer not in row:
                cells.append("")
                continue
            value = row[peer]["objective_value"]
            is_best &= best > value
            cells.append(f"{value:.1f}" + (f" ({100.0 * (value / best - 1.0):+.2f} %)" if best else ""))
        dropped = ", ".join(str(row[peer]["dropped"]) for peer in SOLVERS[1:] if peer in row)
        print(f"| {name} | {' | '.join(cells)} | {dropped} |")
    return is_best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, help="problem files; left out: ten are made")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=1, help="of ours; the peers have one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="only instances whose name contains this")
    parser.add_argument("--solvers", default=",".join(SOLVERS))
    parser.add_argument("--out", type=pathlib.Path, help="where plans and rows.json go; left out: nowhere")
    # The defaults are what tuning ended with (docs/PLANNER.md).
    parser.add_argument("--ortools-first", default="BY_HAND")
    parser.add_argument("--ortools-search", default="TABU_SEARCH")
    parser.add_argument("--ortools-money", default="sum", choices=("sum", "price"))
    parser.add_argument("--ortools-pairs", default="node", choices=("node", "constraint"))
    parser.add_argument("--pyvrp-first", default="hand", choices=("hand", "own"))
    parser.add_argument("--pyvrp-steps", type=int, default=0, help="steps of worth over time; 0: 24, with a budget 12")
    parser.add_argument("--pyvrp-neighbours", type=int, default=50)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as made:
        folder = options.folder
        if folder is None:
            folder = pathlib.Path(made) / "problems"
            asked("make", folder)
        out = options.out or pathlib.Path(made)
        out.mkdir(parents=True, exist_ok=True)
        files = [file for file in sorted(folder.glob("*.json")) if options.only in file.stem]
        work = [(file, solver) for file in files for solver in options.solvers.split(",")]
        with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
            futures = [pool.submit(solved, file, solver, options, out) for file, solver in work]
            rows = []
            for future in concurrent.futures.as_completed(futures):
                rows.append(future.result())
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        (out / "rows.json").write_text(json.dumps(rows, indent=1))
    if not table(rows):
        sys.exit("a peer is not beaten")


if __name__ == "__main__":
    main()
