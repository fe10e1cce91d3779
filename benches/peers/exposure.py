"""Exposure, gaussian, radius 64 cells: SciPy's gaussian_filter, and its FFT convolutions with 2 workers.

    benches/peers/setup.sh && cargo build --release --example stage
    target/peers/bin/python benches/peers/exposure.py --size 8192
"""

from peers import Ours, agree, arguments, compare, np
import scipy.fft
import scipy.ndimage
import scipy.signal

RADIUS = 64
SIGMA = RADIUS / 4

options = arguments(8192)
population = np.random.default_rng(1).random((options.size, options.size), dtype=np.float32)
line = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2).astype(np.float32)
# gaussian_filter divides each axis's weights by their sum; exposure does not: k(0) = 1.
total = np.float32(line.sum(dtype=np.float64) ** 2)
square = line[:, None] * line[None, :]


def gaussian_filter():
    return scipy.ndimage.gaussian_filter(population, SIGMA, truncate=4.0, mode="constant") * total


def oaconvolve_2d():
    with scipy.fft.set_workers(2):
        return scipy.signal.oaconvolve(population, square, mode="same")


def oaconvolve_by_axis():
    with scipy.fft.set_workers(2):
        across = scipy.signal.oaconvolve(population, line[None, :], mode="same", axes=1)
        return scipy.signal.oaconvolve(across, line[:, None], mode="same", axes=0)


peers = {
    "scipy.ndimage.gaussian_filter": gaussian_filter,
    "scipy oaconvolve, 2-D, 2 workers": oaconvolve_2d,
    "scipy oaconvolve, by axis, 2 workers": oaconvolve_by_axis,
}
peers = {name: work for name, work in peers.items() if options.only in name}
ours = Ours("exposure", {"population": population}, options.device)
exposure = ours.result("exposure")
for name, work in peers.items():
    # The FFT works in f32, whose rounding is relative to the largest sum.
    agree(name, exposure, work(), 2e-4 * float(exposure.max()))
compare(f"exposure, gaussian, radius {RADIUS}, {options.size} x {options.size}", ours, peers, options.rounds)
