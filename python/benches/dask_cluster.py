"""A score on a LocalCluster against one process: bits, processor seconds, memory of each worker.

    clearway synth --preset hillside --size 16384 --out big
    python python/benches/dask_cluster.py big/project.toml --workers 2 4 --chunks even uneven --kill

Every case is a cluster of its own, of processes with one thread each. Processor seconds are those of all workers, dead
ones too, and of this process with the scheduler, from the first task until all planes lie in the workers' memory. The
planes are then compared, cell by cell, with the grids that `clearway score` has written, and the record says how often
tasks were computed again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import clearway
import clearway.dask
import dask
import dask.array
import distributed
import numpy as np
import psutil
import rasterio
from rasterio.windows import Window

UNEVEN = (1000, 3100, 700, 2500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[2])
    parser.add_argument("--chunks", nargs="+", default=["even"], choices=["even", "uneven"])
    parser.add_argument("--source", nargs="+", default=["files"], choices=["files", "arrays"])
    parser.add_argument("--kill", action="store_true", help="kill one worker once a part of the second round is done")
    parser.add_argument("--side", type=int, default=2048, help="cells along the side of even chunks")
    parser.add_argument("--limit", default="6GiB", help="memory limit of a worker")
    parser.add_argument("--planes", nargs="+", default=None, help="planes to compute; all where nothing is said")
    parser.add_argument("--command", default="clearway", help="the binary")
    parser.add_argument("--grids", type=Path, help="grids of an earlier `clearway score`, with --seconds its CPU seconds")
    parser.add_argument("--seconds", type=float)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.project.parent) as folder:
        grids, seconds = args.grids, args.seconds
        if grids is None:
            grids = Path(folder) / "grids"
            seconds = command_seconds(args, grids)
        print(json.dumps({"case": "clearway score", "cpu_seconds": seconds}), flush=True)
        for workers in args.workers:
            for chunks in args.chunks:
                for source in args.source:
                    print(json.dumps(case(args, workers, chunks, source, grids, seconds)), flush=True)


def command_seconds(args: argparse.Namespace, grids: Path) -> float:
    """CPU seconds of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([args.command, "score", args.project, "--out", grids, "--backend", "cpu"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)


class Watch(threading.Thread):
    """Processor seconds and largest resident memory of processes, dead ones too."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: dict[int, float] = {}
        self.first: dict[int, float] = {}
        self.peak: dict[int, int] = {}
        self.is_over = threading.Event()
        self.own = psutil.Process()
        self.look()
        self.first = dict(self.seconds)

    def look(self) -> None:
        for process in [self.own, *self.own.children(recursive=True)]:
            try:
                times, memory = process.cpu_times(), process.memory_info().rss
            except psutil.Error:
                continue
            self.seconds[process.pid] = times.user + times.system
            if process.pid != self.own.pid:
                self.peak[process.pid] = max(self.peak.get(process.pid, 0), memory)

    def run(self) -> None:
        while not self.is_over.wait(0.1):
            self.look()

    def total(self) -> float:
        self.is_over.set()
        self.join()
        self.look()
        return sum(seconds - self.first.get(pid, 0.0) for pid, seconds in self.seconds.items())


def sizes(n: int, side: int, is_even: bool) -> tuple[int, ...]:
    """Chunks along one side."""
    found: list[int] = []
    while sum(found) < n:
        size = side if is_even else UNEVEN[len(found) % len(UNEVEN)]
        found.append(min(size, n - sum(found)))
    return tuple(found)


def opened(project: clearway.Project, chunks: Any) -> Any:
    """Raster layers as arrays of Dask."""
    import rioxarray
    import xarray

    layers = {}
    for name, table in project.settings["layers"].items():
        path = project.path.parent / table.get("path", "")
        if path.suffix == ".tif":
            array: Any = rioxarray.open_rasterio(path, chunks={"band": 1, "y": chunks[0], "x": chunks[1]}, lock=False)
            layers[name] = array.squeeze("band", drop=True)
    return xarray.Dataset(layers)


def case(args: argparse.Namespace, workers: int, chunks: str, source: str, grids: Path, seconds: float) -> dict[str, Any]:
    project = clearway.Project.open(args.project)
    with rasterio.open(grids / "priority.tif") as grid:
        shape = grid.shape
    cut = tuple(sizes(n, args.side, chunks == "even") for n in shape)
    cluster = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, memory_limit=args.limit,
                                       dashboard_address=None, env={"RAYON_NUM_THREADS": "1"})
    with cluster, distributed.Client(cluster) as client:
        # Whatever is imported and opened once is no part of the work.
        client.run(lambda: __import__("clearway.dask"))
        watch = Watch()
        watch.start()
        began = time.monotonic()
        if source == "files":
            scores = clearway.dask.score(project, chunks=cut, planes=args.planes)
        else:
            scores = clearway.dask.score(opened(project, cut), project, planes=args.planes)
        built = time.monotonic() - began
        found = clearway.dask.summary(scores)
        held, found = dask.persist(scores, found)
        killed = kill(client) if args.kill else None
        distributed.wait([held, found])
        wall, used = time.monotonic() - began, watch.total()
        wrong = compare(held, grids)
        summary = found.compute()
        tasks = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
    limit = dask.utils.parse_bytes(args.limit)
    return {
        "case": f"{workers} workers, {chunks}, {source}{', one killed' if args.kill else ''}", "parts": len(cut[0]) * len(cut[1]),
        "cpu_seconds": round(used, 1), "ratio": round(used / seconds, 3), "wall_seconds": round(wall, 1),
        "graph_seconds": round(built, 2), "tasks_held": tasks, "cells_that_differ": wrong,
        "peak_mib": sorted(peak >> 20 for peak in watch.peak.values() if peak > 200 << 20), "limit_mib": limit >> 20,
        "killed": killed, "scored_cells": summary["scored_cells"],
    }


def kill(client: distributed.Client) -> str:
    """Kills a worker once a part of the second round is done: parts that others have taken are not held for long."""

    def done(dask_scheduler: Any) -> tuple[int, int]:
        walks = [task for key, task in dask_scheduler.tasks.items() if "clearway-walk-" in str(key) and "'priority'" in str(key)]
        return sum(task.state in ("memory", "released") and task.who_has is not None and bool(task.who_has)
                   for task in walks), len(walks)

    pids = client.run(os.getpid)
    while True:
        n_done, n_walks = client.run_on_scheduler(done)
        if n_done:
            break
        time.sleep(0.05)
    os.kill(next(iter(pids.values())), signal.SIGKILL)
    return f"at {n_done} of {n_walks} parts of the second round"


def compare(held: Any, grids: Path) -> int:
    """Cells of all planes whose bits differ from those written."""

    def differ(block: Any, path: str, is_class: bool, block_info: Any = None) -> Any:
        (r0, r1), (c0, c1) = block_info[0]["array-location"]
        with rasterio.open(path) as grid:
            written = grid.read(1, window=Window(c0, r0, c1 - c0, r1 - r0))
            nodata = grid.nodata
        if is_class:
            n = np.count_nonzero(written != block)
        else:
            here, there = np.isnan(block), written == nodata
            n = np.count_nonzero(here != there) + np.count_nonzero(
                (block.view(np.uint32) != written.view(np.uint32)) & ~here)
        return np.array([[n]], dtype=np.int64)

    counts = []
    for name, plane in held.data_vars.items():
        array = plane.data
        one = tuple((1,) * len(each) for each in array.chunks)
        counts.append(dask.array.map_blocks(differ, array, str(grids / f"{name}.tif"), name == "class", chunks=one,
                                            dtype=np.int64, meta=np.empty((0, 0), np.int64)).sum())
    return int(sum(dask.compute(*counts)))


if __name__ == "__main__":
    main()
