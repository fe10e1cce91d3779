"""Distance to the nearest feature cell: SciPy's distance_transform_edt.

    benches/peers/setup.sh && cargo build --release --example stage
    target/peers/bin/python benches/peers/proximity.py --size 8192
"""

from peers import Ours, agree, arguments, compare, np
import scipy.ndimage

CELL_M = 30.0

options = arguments(8192)
features = np.random.default_rng(3).random((options.size, options.size)) < 1e-4
features[0, 0] = True
elsewhere = ~features


def edt():
    return scipy.ndimage.distance_transform_edt(elsewhere, sampling=CELL_M)


ours = Ours("proximity", {"features": features.astype(np.float32)}, options.device)
agree("scipy distance_transform_edt", ours.result("proximity"), edt(), 1e-2)
title = f"proximity to raster cells, {options.size} x {options.size}, {int(features.sum())} features"
compare(title, ours, {"scipy distance_transform_edt": edt}, options.rounds)
