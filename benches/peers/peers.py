"""What the peer scripts share: our side as a process that works when told, and timing in turn.

Both sides hold their planes in memory; reading and writing are not counted. Results are compared before anything is
timed: a script that finds a difference ends with exit code 1. Times are medians over rounds in which ours and each
peer run one after the other; the ratio is the median of the rounds' ratios, so that a machine that does other work at
the same time disturbs it less.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

# OpenBLAS settings of a container would slow NumPy down; nothing here may depend on them.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np  # noqa: E402  (after the environment is clean)

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments(size):
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=size, help="cells along each side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="native", help="`native`, or a GPU by part of its name")
    parser.add_argument("--only", default="", help="only peers whose name contains this")
    return parser.parse_args()


def binary():
    named = os.environ.get("CLEARWAY_STAGE")
    built = [ROOT / "target" / profile / "examples" / "stage" for profile in ("release", "quick")]
    found = [pathlib.Path(named)] if named else [path for path in built if path.exists()]
    if not found:
        sys.exit("build our side first: cargo build --release --example stage")
    return max(found, key=lambda path: path.stat().st_mtime)


class Ours:
    """One stage of Clearway on the planes given (a dict of name to f32 array)."""

    def __init__(self, stage, planes, device, size=None):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        for name, plane in planes.items():
            np.ascontiguousarray(plane, dtype="<f4").tofile(folder / f"{name}.f32")
        size = size or next(iter(planes.values())).shape[0]
        self.shape = (size, size)
        self.command = [str(binary()), stage, str(self.shape[0]), str(folder), device]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"our side did not start: {' '.join(self.command)}")

    def seconds(self):
        """Works once."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def result(self, name):
        """The plane that the stage makes; our side is started anew afterwards."""
        self.seconds()
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit("our side failed")
        plane = np.fromfile(pathlib.Path(self.folder.name) / f"{name}.f32", dtype="<f4").reshape(self.shape)
        self.start()
        return plane

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


def agree(name, ours, theirs, allowed):
    """Ends the script where the results differ by more than `allowed`."""
    worst = float(np.max(np.abs(ours.astype(np.float64) - theirs)))
    print(f"{name}: largest difference {worst:.3g}, allowed {allowed:.3g}")
    if not worst <= allowed:
        sys.exit(f"{name}: the results differ")


def compare(title, ours, peers, rounds):
    """Times ours and the peers (name to function) in turn and prints a table."""
    ours_s, theirs_s = [], {name: [] for name in peers}
    for name, work in peers.items():
        for _ in range(rounds):
            ours_s.append(ours.seconds())
            began = time.perf_counter()
            work()
            theirs_s[name].append((time.perf_counter() - began, ours_s[-1]))
    print(f"\n{title}")
    print(f"{'':38}{'s':>9}{'ours, s':>10}{'ratio':>9}{'least':>9}{'most':>9}")
    for name, pairs in theirs_s.items():
        ratios = [theirs / mine for theirs, mine in pairs]
        theirs = statistics.median(theirs for theirs, _ in pairs)
        mine = statistics.median(mine for _, mine in pairs)
        median = statistics.median(ratios)
        print(f"{name:38}{theirs:9.3f}{mine:10.3f}{median:9.1f}{min(ratios):9.1f}{max(ratios):9.1f}")
    ours.close()
