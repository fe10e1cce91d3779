"""Percentile rank: NumPy's argsort, and a histogram of 24-bit keys in numba.

    benches/peers/setup.sh && cargo build --release --example stage
    target/peers/bin/python benches/peers/rank.py --size 8192
"""

from peers import Ours, agree, arguments, compare, np
import numba

options = arguments(8192)
priority = np.random.default_rng(2).lognormal(size=(options.size, options.size)).astype(np.float32)
n = priority.size


def argsort():
    order = np.argsort(priority, axis=None)
    rank = np.empty(n, dtype=np.float32)
    # Equal priorities keep their places here; they are few, and ours takes the middle of them.
    rank[order] = np.arange(n, dtype=np.float32) * np.float32(100.0 / (n - 1))
    return rank.reshape(priority.shape)


@numba.njit(parallel=True, cache=False)
def counted(bits, n_threads):
    # A float above 0 orders like its bits; 24 of them are left of the sign. A histogram for each thread.
    counts = np.zeros((n_threads, 1 << 24), dtype=np.uint32)
    share = (bits.size + n_threads - 1) // n_threads
    for thread in numba.prange(n_threads):
        for i in range(thread * share, min(bits.size, (thread + 1) * share)):
            counts[thread, bits[i] >> 7] += 1
    return counts


@numba.njit(parallel=True, cache=False)
def looked_up(bits, table):
    rank = np.empty(bits.size, dtype=np.float32)
    for i in numba.prange(bits.size):
        rank[i] = table[bits[i] >> 7]
    return rank


def histogram(n_threads):
    bits = priority.reshape(-1).view(np.uint32)
    counts = counted(bits, n_threads).sum(axis=0, dtype=np.int64)
    below = np.cumsum(counts) - counts
    table = (100.0 * (below + (counts - 1) / 2.0) / (n - 1)).astype(np.float32)
    return looked_up(bits, table).reshape(priority.shape)


threads = numba.get_num_threads()
peers = {
    "NumPy argsort": argsort,
    "numba 24-bit keys, one thread counts": lambda: histogram(1),
    f"numba 24-bit keys, {threads} threads": lambda: histogram(threads),
}
peers = {name: work for name, work in peers.items() if options.only in name}
ours = Ours("rank", {"priority": priority}, options.device)
rank = ours.result("rank")
for name, work in peers.items():
    agree(name, rank, work(), 0.01)
compare(f"percentile rank, {options.size} x {options.size}", ours, peers, options.rounds)
