"""Acceptability, mean and standard deviation of the rank: 6 criteria, 256 samples of weights; NumPy and numba.

    benches/peers/setup.sh && cargo build --release --example stage
    target/peers/bin/python benches/peers/acceptability.py --size 4096

NumPy sorts every sample; it is timed over a few samples and scaled up. numba walks blocks of cells × samples twice:
histograms of the bits of p (8192 bins a sample), then a look-up. Both take the weights that ours has drawn.
"""

import pathlib

from peers import Ours, agree, arguments, compare, np, statistics, time
import numba

N_CRITERIA = 6
N_BINS = 8192
TOP_PERCENT = 10.0
N_NUMPY = 2

options = arguments(4096)
size = options.size
n = size * size
rng = np.random.default_rng(1)
y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size


def plane(power):
    a, b, c = rng.random(3) * [20, 20, 6]
    return ((0.5 + 0.5 * np.sin(a * x + c) * np.cos(b * y - c)) ** power).astype(np.float32)


v = [plane(2) for _ in range(N_CRITERIA)]
hazard = np.clip(plane(4), 1e-3, 1.0)
cost = (900.0 * (0.5 + 4.0 * plane(1))).astype(np.float32)
layers = np.stack([hazard, cost, *v])
ours = Ours("acceptability", {"layers": layers}, options.device, size=size)
weights = np.fromfile(pathlib.Path(ours.folder.name) / "weights.f32", dtype="<f4").reshape(-1, N_CRITERIA)
n_samples = len(weights)
u = np.stack([(hazard * 900.0 / cost * criterion).astype(np.float32).ravel() for criterion in v])
del layers, v, x, y


def numpy_version(samples):
    top, sums, squares = np.zeros(n, np.uint16), np.zeros(n), np.zeros(n)
    for sample in samples:
        order = np.argsort(weights[sample] @ u)
        rank = np.empty(n, np.float32)
        rank[order] = np.arange(n, dtype=np.float32) * np.float32(100 / (n - 1))
        top += rank >= 100 - TOP_PERCENT
        sums += rank
        squares += rank * rank
    return top, sums, squares


@numba.njit(parallel=True, boundscheck=False)
def counted(u, w, base, shift, n_parts):
    hist = np.zeros((n_parts, w.shape[0], N_BINS), np.uint32)
    block_cells = 16384
    n_blocks = (u.shape[1] + block_cells - 1) // block_cells
    for part in numba.prange(n_parts):
        p = np.empty(block_cells, np.float32)
        bits = p.view(np.uint32)
        for block in range(part, n_blocks, n_parts):
            first = block * block_cells
            here = min(block_cells, u.shape[1] - first)
            for s in range(w.shape[0]):
                w0, w1, w2, w3, w4, w5 = w[s, 0], w[s, 1], w[s, 2], w[s, 3], w[s, 4], w[s, 5]
                for i in range(here):
                    j = first + i
                    p[i] = w0 * u[0, j] + w1 * u[1, j] + w2 * u[2, j] + w3 * u[3, j] + w4 * u[4, j] + w5 * u[5, j]
                for i in range(here):
                    b = (max(bits[i], base) - base) >> shift
                    hist[part, s, min(b, numba.uint32(N_BINS - 1))] += 1
    return hist


@numba.njit(parallel=True, boundscheck=False)
def looked_up(u, w, base, shift, rank, least):
    cells = u.shape[1]
    top, sums, squares = np.zeros(cells, np.float32), np.zeros(cells, np.float32), np.zeros(cells, np.float32)
    block_cells = 4096
    for block in numba.prange((cells + block_cells - 1) // block_cells):
        p = np.empty(block_cells, np.float32)
        bits = p.view(np.uint32)
        first = block * block_cells
        here = min(block_cells, cells - first)
        for s in range(w.shape[0]):
            w0, w1, w2, w3, w4, w5 = w[s, 0], w[s, 1], w[s, 2], w[s, 3], w[s, 4], w[s, 5]
            for i in range(here):
                j = first + i
                p[i] = w0 * u[0, j] + w1 * u[1, j] + w2 * u[2, j] + w3 * u[3, j] + w4 * u[4, j] + w5 * u[5, j]
            for i in range(here):
                b = min((max(bits[i], base) - base) >> shift, numba.uint32(N_BINS - 1))
                r = rank[s, b]
                top[first + i] += 1 if b >= least[s] else 0
                sums[first + i] += r
                squares[first + i] += r * r
    return top, sums, squares


def numba_version():
    smallest = max(float((weights.min(0) @ u).min()), 1e-30)
    base = np.float32(smallest).view(np.uint32)
    span = int(np.float32(float(u.max()) * 1.01).view(np.uint32)) - int(base)
    shift = np.uint32(max(0, (span // N_BINS).bit_length()))
    h = counted(u, weights, base, shift, numba.get_num_threads()).sum(0)
    below = np.cumsum(h, 1) - h
    rank = (100 * (below + np.maximum(h.astype(np.int64) - 1, 0) / 2) / (n - 1)).astype(np.float32)
    least = (rank < 100 - TOP_PERCENT).sum(1).astype(np.uint32)
    return looked_up(u, weights, base, shift, rank, least)


share = ours.result("acceptability").ravel()
top, _, _ = numba_version()
# A coarse bin at the threshold goes one way as a whole here; ours takes it apart.
differs = np.abs(share - top / n_samples)
print(f"numba: mean difference of the shares {differs.mean():.3g}, allowed 0.002")
if not differs.mean() <= 0.002:
    raise SystemExit("the results differ")
seconds = []
for _ in range(options.rounds):
    mine = ours.seconds()
    began = time.perf_counter()
    numpy_version(range(N_NUMPY))
    seconds.append(((time.perf_counter() - began) * n_samples / N_NUMPY, mine))
ratio = statistics.median(theirs / mine for theirs, mine in seconds)
theirs = statistics.median(theirs for theirs, _ in seconds)
print(f"\nNumPy argsort, {n_samples} samples (scaled from {N_NUMPY}): {theirs:.1f} s, {ratio:.1f} times ours")
compare(f"acceptability, {size} x {size}, {n_samples} samples", ours, {"numba, parallel": numba_version}, options.rounds)
