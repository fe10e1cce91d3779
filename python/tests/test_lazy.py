"""Arrays that are not in memory are named and refused, not computed behind a person's back."""

from __future__ import annotations

import clearway
import dask.array
import pytest


def test_lazy_layers_are_refused_with_the_way_out() -> None:
    lazy = {name: dask.array.ones((8, 8), chunks=4, dtype="float32") for name in ("hazard", "population")}
    with pytest.raises(clearway.ClearwayError) as caught:
        clearway.score(lazy, crs=32636, transform=(30, 0, 500_000, 0, -30, 5_500_000))
    assert [fault.code for fault in caught.value.faults] == ["grid.lazy"] and "load" in caught.value.faults[0].fix
