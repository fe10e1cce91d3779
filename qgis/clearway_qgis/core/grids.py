"""Whether two rasters have the same cells, and how one is brought onto the other's."""

from __future__ import annotations

from dataclasses import dataclass

#: Cells that stay this close (in cells) over the whole width are the same: what the program takes as the same.
SAME_CELLS = 1e-3


@dataclass(frozen=True)
class Grid:
    """A north-up raster's cells: upper left corner and cell size in the units of its coordinate system."""

    crs: str
    left: float
    top: float
    cell_width: float
    cell_height: float
    columns: int
    rows: int


def same_cells(one: Grid, frame: Grid) -> bool:
    """Whether the cells of both lie on each other; extents may differ."""
    if one.crs != frame.crs:
        return False
    axes = [
        (frame.left - one.left, frame.cell_width, one.cell_width, frame.columns),
        (one.top - frame.top, frame.cell_height, one.cell_height, frame.rows),
    ]
    for offset, of_frame, own, n_cells in axes:
        start = offset / own
        drift = (of_frame / own - 1.0) * n_cells
        shift = start - round(start)
        if max(abs(shift), abs(shift + drift)) > SAME_CELLS:
            return False
    return True


def resampling(role: str, unit: str | None, is_finer: bool) -> str:
    """How a raster of other cells is brought onto the frame. Counts are summed, densities averaged or interpolated."""
    if unit in ("people_per_cell", "usd_per_cell"):
        return "sum"
    if role == "class":
        return "mode" if is_finer else "nearest"
    return "average" if is_finer else "bilinear"
