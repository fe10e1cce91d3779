//! Who makes up a cell's exposure: people and their share by bands of distance, in `f64`, for `explain`.
//!
//! The kernel of `exposure` by its formula, cell by cell over its reach, with the distances of `reach`: Δx by the width
//! of the neighbour's row, Δy between the rows' centres. The sum is the exposure to rounding.

use crate::error::Result;
use crate::grid::{Cells, Frame, Window, is_unknown};

use super::Kernel;
use super::reach::Reach;
use super::reach::parts::of_kernel;

/// People of one band of distances, and what they add to the exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Centres up to so far away, m, and not in a nearer band; 0 is the cell itself.
    pub up_to_m: f64,
    /// People who live there.
    pub people: f64,
    /// What they add: Σ P · k(d), people.
    pub exposure: f64,
}

/// Ends of the bands, as shares of the distance by axis at which the kernel is cut. Its corners lie beyond 1.
const ENDS: [f64; 7] = [0.0, 1.0 / 16.0, 0.125, 0.25, 0.5, 1.0, 2.0];

/// The bands of a cell, nearest first. Unknown population adds nothing.
pub fn neighbours(
    kernel: Kernel,
    frame: &Frame,
    population: &dyn Cells,
    [col, row]: [i64; 2],
) -> Result<Vec<Band>> {
    let source = Reach::new(kernel, frame).of_tile(Window::new(col, row, 1, 1)).source;
    let cut_m = kernel.cut_m();
    let mut bands = ENDS.map(|end| Band { up_to_m: end * cut_m, people: 0.0, exposure: 0.0 });
    let northing_m = |row: i64| frame.northing_m(row as f64 + 0.5);
    for other_row in source.row..source.end_row() {
        let people = population.read_vec(Window { row: other_row, n_rows: 1, ..source })?;
        let dy_m = northing_m(other_row) - northing_m(row);
        let width_m = frame.cell_width_m(other_row);
        for (other_col, &people) in (source.col..).zip(&people).filter(|(_, people)| !is_unknown(**people)) {
            let dx_m = (other_col - col) as f64 * width_m;
            let weight = kernel.weight_at(dx_m, dy_m);
            let distance_m = dx_m.hypot(dy_m);
            let band = bands.iter_mut().find(|band| distance_m <= band.up_to_m);
            if let (Some(band), true) = (band, weight > 0.0) {
                band.people += f64::from(people);
                band.exposure += f64::from(people) * weight;
            }
        }
    }
    Ok(bands.into_iter().filter(|band| band.up_to_m == 0.0 || band.people > 0.0).collect())
}

impl Kernel {
    /// The kernel at a distance by axis, by its formula.
    fn weight_at(self, dx_m: f64, dy_m: f64) -> f64 {
        // The cut's own tolerance, 1e-9 of a cell, is far below a millimetre.
        const TOLERANCE_M: f64 = 1e-3;
        let by_axis_m = dx_m.abs().max(dy_m.abs());
        if let Self::Disc { radius_m } = self {
            return f64::from(u8::from(dx_m.hypot(dy_m) <= radius_m + TOLERANCE_M));
        }
        let parts = of_kernel(self).unwrap_or_default();
        let within = parts.iter().filter(|part| by_axis_m <= part.cut_m() + TOLERANCE_M);
        within.map(|part| part.height * part.along_axis(dx_m) * part.along_axis(dy_m)).sum()
    }
}
