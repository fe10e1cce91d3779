"""The whole of `clearway score` against the best composition of rasterio, SciPy, numba and NumPy.

Both read hazard, population and cost from the same GeoTIFFs, compute exposure, people at risk, benefit, benefit
per cost, rank and class by the formulas of `clearway score` (one criterion, people), and write seven
Cloud-Optimised GeoTIFFs with overviews at the same codec, level, predictor and block size. Results are compared
before anything is timed. Runs go in turn, each a process of its own; wall, processor time and peak memory are
those the system reports of it.

    python3 -m venv ENV && ENV/bin/pip install numpy scipy numba rasterio
    clearway synth --size 8192 --compress zstd --out REGION
    ENV/bin/python benches/peers/score_pipeline.py REGION --clearway target/release/clearway --rounds 3

REGION needs hazard.tif, population.tif (people per cell) and cost.tif (US$ per m2) on one grid in metres.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("GDAL_NUM_THREADS", "ALL_CPUS")

import numpy as np

NODATA = np.float32(-9999)
# Priorities are not negative, nodata is: from here on the bits are those of negative numbers.
SIGN = np.uint32(1 << 31)
OUTPUTS = ["exposure", "people_at_risk", "benefit", "cost", "benefit_per_cost", "priority", "class"]
PROJECT = """[project]
name = "pipeline"
[layers]
hazard = {{ path = "{0}/hazard.tif" }}
population = {{ path = "{0}/population.tif", unit = "people_per_cell" }}
cost = {{ path = "{0}/cost.tif", unit = "usd_per_m2" }}
[score]
exposure = {{ kernel = "gaussian", sigma_m = {1} }}
classes = [5, 15, 40]
"""


def kernels():
    """The numba kernels, compiled at first use and kept on disk."""
    import numba

    jit = numba.njit(parallel=True, fastmath=True, cache=True)

    @jit
    def across(cells, weights, out):
        n_rows, n_cols = cells.shape
        halo = len(weights) // 2
        for row in numba.prange(n_rows):
            line = np.zeros(n_cols + 2 * halo, np.float32)
            line[halo : halo + n_cols] = cells[row]
            sums = np.zeros(n_cols, np.float32)
            for k in range(len(weights)):
                weight = weights[k]
                for col in range(n_cols):
                    sums[col] += weight * line[col + k]
            out[row] = sums

    @jit
    def down(cells, weights, out):
        n_rows, n_cols = cells.shape
        halo = len(weights) // 2
        strip = 1024
        n_strips = (n_cols + strip - 1) // strip
        band = 32
        n_bands = (n_rows + band - 1) // band
        for job in numba.prange(n_strips * n_bands):
            left, top = (job % n_strips) * strip, (job // n_strips) * band
            right = min(left + strip, n_cols)
            for row in range(top, min(top + band, n_rows)):
                sums = np.zeros(right - left, np.float32)
                for k in range(max(0, halo - row), min(len(weights), n_rows + halo - row)):
                    weight = weights[k]
                    line = cells[row + k - halo]
                    for col in range(left, right):
                        sums[col - left] += weight * line[col]
                out[row, left:right] = sums

    @jit
    def worth(hazard, exposure, cost, area, largest, par, benefit, per_usd):
        scale = np.float32(1.0 / largest)
        for row in numba.prange(hazard.shape[0]):
            for col in range(hazard.shape[1]):
                h = hazard[row, col]
                if h == NODATA:
                    exposure[row, col] = NODATA
                    par[row, col] = NODATA
                    benefit[row, col] = NODATA
                    per_usd[row, col] = NODATA
                else:
                    e = exposure[row, col]
                    par[row, col] = h * e
                    v = min(max(e * scale, np.float32(0)), np.float32(1))
                    benefit[row, col] = h * v
                    per_usd[row, col] = h * v * np.float32(area) / cost[row, col]

    @jit
    def count(bits, bins):
        n_threads = bins.shape[0]
        n_rows = bits.shape[0]
        for thread in numba.prange(n_threads):
            for row in range(thread, n_rows, n_threads):
                for col in range(bits.shape[1]):
                    x = bits[row, col]
                    if x < SIGN:
                        bins[thread, x >> 7] += 1

    @jit
    def look_up(bits, ranks, rank, classes):
        for row in numba.prange(bits.shape[0]):
            for col in range(bits.shape[1]):
                x = bits[row, col]
                if x >= SIGN:
                    rank[row, col] = NODATA
                    classes[row, col] = 0
                else:
                    r = ranks[x >> 7]
                    rank[row, col] = r
                    classes[row, col] = 1 if r >= 95 else 2 if r >= 85 else 3 if r >= 60 else 4

    return across, down, worth, count, look_up


def peer(region, out, sigma_m, compress, level, exposure_by):
    """The composition: whole planes in memory, each freed as soon as it is written."""
    import numba
    import rasterio
    from scipy import fft, signal

    threads = len(os.sched_getaffinity(0))
    across, down, worth, count, look_up = kernels()

    def read(name):
        with rasterio.open(f"{region}/{name}.tif", num_threads="ALL_CPUS") as file:
            cells = file.read(1)
            return cells, file.nodata, file.profile

    hazard, nodata, profile = read("hazard")
    unknown = hazard == np.float32(nodata)
    people, nodata, _ = read("population")
    missing = people == np.float32(nodata)
    people[missing] = 0
    unknown |= missing
    cost, nodata, _ = read("cost")
    unknown |= cost == np.float32(nodata)
    del missing
    cell = abs(profile["transform"].a)
    area = cell * abs(profile["transform"].e)
    cost *= np.float32(area)
    cost[unknown] = NODATA
    hazard[unknown] = NODATA

    halo = int(4 * sigma_m / cell)
    distance = np.arange(-halo, halo + 1) * cell
    weights = np.exp(-(distance**2) / (2 * sigma_m**2)).astype(np.float32)
    if exposure_by == "oaconvolve":
        with fft.set_workers(threads):
            exposure = signal.oaconvolve(people, weights[None, :], mode="same", axes=1)
            exposure = signal.oaconvolve(exposure, weights[:, None], mode="same", axes=0)
        np.maximum(exposure, 0, out=exposure)
        people = np.empty_like(exposure)
    else:
        exposure = np.empty_like(people)
        across(people, weights, exposure)
        down(exposure, weights, people)
        exposure, people = people, exposure
    largest = exposure.max(where=~unknown, initial=0)
    del unknown
    par, benefit, per_usd = people, np.empty_like(exposure), np.empty_like(exposure)
    worth(hazard, exposure, cost, area, largest, par, benefit, per_usd)
    del hazard

    options = dict(
        driver="COG", height=profile["height"], width=profile["width"], count=1, crs=profile["crs"],
        transform=profile["transform"], compress=compress, level=level, predictor="YES", blocksize=512,
        num_threads="ALL_CPUS", bigtiff="IF_SAFER",
    )

    def write(name, cells, **more):
        with rasterio.open(f"{out}/{name}.tif", "w", **(options | more)) as file:
            file.write(cells, 1)

    quantity = dict(dtype="float32", nodata=float(NODATA), overview_resampling="average")
    write("exposure", exposure, **quantity)
    del exposure
    write("people_at_risk", par, **quantity)
    del par, people
    write("cost", cost, **quantity)
    del cost
    write("benefit", benefit, **quantity)
    del benefit
    bins = np.zeros((threads, 1 << 24), np.uint32)
    bits = per_usd.view(np.uint32)
    count(bits, bins)
    ties = bins.sum(axis=0, dtype=np.int64)
    below = np.cumsum(ties) - ties
    ranks = (100 * (below + (ties - 1) / 2) / max(1, ties.sum() - 1)).astype(np.float32)
    del bins, ties, below
    rank, classes = np.empty_like(per_usd), np.empty(per_usd.shape, np.uint8)
    look_up(bits, ranks, rank, classes)
    del bits
    write("benefit_per_cost", per_usd, **quantity)
    del per_usd
    write("priority", rank, **quantity)
    write("class", classes, dtype="uint8", nodata=0, overview_resampling="mode")


def compare(ours, theirs):
    """Refuses to go on where the two disagree beyond rounding."""
    import rasterio

    for name in OUTPUTS:
        with rasterio.open(f"{ours}/{name}.tif") as a, rasterio.open(f"{theirs}/{name}.tif") as b:
            assert a.overviews(1) == b.overviews(1), (name, a.overviews(1), b.overviews(1))
            n_off, worst, n = 0, 0.0, 0
            for top in range(0, a.height, 1024):
                window = rasterio.windows.Window(0, top, a.width, min(1024, a.height - top))
                x, y = a.read(1, window=window).astype(np.float64), b.read(1, window=window).astype(np.float64)
                assert ((x == a.nodata) == (y == b.nodata)).all(), f"{name}: other cells are unknown"
                known = x != a.nodata
                x, y = x[known], y[known]
                off = np.abs(x - y)
                if name not in ("priority", "class"):
                    off = off / np.maximum(np.abs(x), 1e-3)
                worst, n = max(worst, off.max(initial=0)), n + len(x)
                limit = 0.05 if name == "priority" else 0.5 if name == "class" else 1e-3
                n_off += int((off > limit).sum())
            print(f"  {name:18} {n:>11} cells, largest difference {worst:.2e}, beyond the limit {n_off}")
            # Their 24-bit keys put cells beside a threshold into the class next to ours.
            assert n_off <= n * (1e-4 if name == "class" else 1e-5), f"{name} differs"


def timed(command):
    """Wall seconds, processor seconds and peak memory (MiB) of a process."""
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    assert status == 0, command
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("region")
    parser.add_argument("--clearway")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sigma-m", type=float, default=480)
    parser.add_argument("--compress", default="zstd")
    parser.add_argument("--level", type=int, default=1, help="clearway's: zstd 1, deflate 4")
    parser.add_argument("--exposure", default="numba", choices=["numba", "oaconvolve"])
    # The most with which two of the planes that are kept between passes still go through files at 8192 x 8192.
    parser.add_argument("--memory", default="960MiB", help="clearway's --memory")
    parser.add_argument("--work", default="/tmp/score_pipeline")
    parser.add_argument("--peer-only", help="folder: run the composition once, for the timing process")
    args = parser.parse_args()
    if args.peer_only:
        peer(args.region, args.peer_only, args.sigma_m, args.compress, args.level, args.exposure)
        return
    work = Path(args.work)
    ours, theirs = work / "ours", work / "theirs"
    theirs.mkdir(parents=True, exist_ok=True)
    project = work / "project.toml"
    project.write_text(PROJECT.format(Path(args.region).resolve(), args.sigma_m))
    commands = {
        "clearway": [args.clearway, "score", project, "--backend", "cpu", "--compress", args.compress,
                     "--memory", args.memory, "--formats", "none", "--quiet", "--overwrite", "--out", ours],
        "composed": [sys.executable, __file__, args.region, "--peer-only", theirs, "--compress", args.compress,
                     "--sigma-m", str(args.sigma_m), "--level", str(args.level), "--exposure", args.exposure],
    }
    for command in commands.values():
        timed(command)
    # In a process of its own: a child is charged with the peak that its parent had when it began.
    checking = multiprocessing.Process(target=compare, args=(ours, theirs))
    checking.start()
    checking.join()
    assert checking.exitcode == 0, "the results differ"
    runs = {name: [] for name in commands}
    for _ in range(args.rounds):
        for name, command in commands.items():
            runs[name].append(timed(command))
            print(f"  {name:9} wall {runs[name][-1][0]:7.2f} s, cpu {runs[name][-1][1]:7.2f} s, "
                  f"peak {runs[name][-1][2]:7.0f} MiB", flush=True)
    median = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
    wall, cpu, memory = (theirs / ours for ours, theirs in zip(median["clearway"], median["composed"]))
    print(f"clearway is {wall:.2f} x as fast by wall, {cpu:.2f} x by processor time, in 1/{memory:.2f} of the memory")


if __name__ == "__main__":
    main()
