"""Exposure and rank by CuPy and PyTorch on the same GPU as ours.

Needs a machine with CUDA, CuPy (or PyTorch, for rank and the convolution along axes) and NumPy, and our side built
before: CLEARWAY_STAGE=/path/to/stage python3 benches/peers/gpu_peers.py --device nvidia --size 8192

Two times for theirs: `resident`, planes on the GPU before and after, as an array program has them; and `with
transfers`, from the processor's memory and back, which is what ours does here (its planes stay on the GPU only inside
the pipeline). Compare like with like: ours with `with transfers`; the time of our dispatches alone is `device ms` of
`clearway bench`.
"""

import sys
import time

from peers import Ours, agree, arguments, compare, np

RADIUS = 64
SIGMA = RADIUS / 4

try:
    import cupy
    import cupyx.scipy.ndimage
    import cupyx.scipy.signal
except ImportError:
    cupy = None
try:
    import torch
except ImportError:
    torch = None

options = arguments(8192)
size = options.size
rng = np.random.default_rng(1)
line = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2).astype(np.float32)
total = np.float32(line.sum(dtype=np.float64) ** 2)


def settled():
    """Waits until the GPU is done."""
    if cupy:
        cupy.cuda.Stream.null.synchronize()
    if torch:
        torch.cuda.synchronize()


def cupy_peers(plane, on_gpu):
    """Name to function of a plane on the processor."""
    held = cupy.asarray(plane)

    def resident():
        on_gpu(held)
        settled()

    return {"resident": resident, "with transfers": lambda: cupy.asnumpy(on_gpu(cupy.asarray(plane)))}


def torch_peers(plane, on_gpu):
    held = torch.from_numpy(plane).cuda()

    def resident():
        on_gpu(held)
        settled()

    return {
        "resident": resident,
        "with transfers": lambda: on_gpu(torch.from_numpy(plane).cuda()).cpu().numpy(),
    }


def exposure_torch(plane):
    across = torch.from_numpy(line).cuda()
    shaped = plane.reshape(1, 1, size, size)
    rows = torch.nn.functional.conv2d(shaped, across.reshape(1, 1, 1, -1), padding=(0, RADIUS))
    return torch.nn.functional.conv2d(rows, across.reshape(1, 1, -1, 1), padding=(RADIUS, 0))[0, 0]


def rank_torch(plane):
    order = torch.argsort(plane.reshape(-1))
    rank = torch.empty(plane.numel(), device=plane.device)
    rank[order] = torch.arange(plane.numel(), device=plane.device, dtype=torch.float32) * (100.0 / (plane.numel() - 1))
    return rank.reshape(plane.shape)


def exposure_cupy(plane):
    return cupyx.scipy.ndimage.gaussian_filter(plane, SIGMA, truncate=4.0, mode="constant") * total


def fft_cupy(plane):
    return cupyx.scipy.signal.oaconvolve(plane, cupy.asarray(line[:, None] * line[None, :]), mode="same")


def rank_cupy(plane):
    order = cupy.argsort(plane, axis=None)
    rank = cupy.empty(plane.size, dtype=cupy.float32)
    rank[order] = cupy.arange(plane.size, dtype=cupy.float32) * np.float32(100.0 / (plane.size - 1))
    return rank.reshape(plane.shape)


def contest(stage, title, read, plane, allowed, contestants):
    ours = Ours(stage, {read: plane}, options.device)
    mine = ours.result(stage)
    peers = {}
    for name, (make, on_gpu) in contestants.items():
        both = make(plane, on_gpu)
        agree(name, mine, both["with transfers"](), allowed(mine))
        peers.update({f"{name}, {way}": work for way, work in both.items()})
    peers = {name: work for name, work in peers.items() if options.only in name}
    for work in peers.values():
        # Kernels are compiled and memory is had before anything is timed.
        work()
    compare(f"{title}, {size} x {size}", ours, peers, options.rounds)


if not (cupy or torch):
    sys.exit("neither CuPy nor PyTorch is here")
population = rng.random((size, size), dtype=np.float32)
priority = rng.lognormal(size=(size, size)).astype(np.float32)
exposures, ranks = {}, {}
if cupy:
    exposures |= {"CuPy gaussian_filter": (cupy_peers, exposure_cupy), "CuPy oaconvolve": (cupy_peers, fft_cupy)}
    ranks |= {"CuPy argsort": (cupy_peers, rank_cupy)}
if torch:
    # Without TF32, which rounds to 10 bits.
    torch.backends.cudnn.allow_tf32 = False
    exposures |= {"PyTorch conv2d by axis": (torch_peers, exposure_torch)}
    ranks |= {"PyTorch argsort": (torch_peers, rank_torch)}
began = time.perf_counter()
contest("exposure", "exposure", "population", population, lambda mine: 2e-4 * float(mine.max()), exposures)
contest("rank", "percentile rank", "priority", priority, lambda mine: 0.01, ranks)
print(f"\n{time.perf_counter() - began:.0f} s in all")
