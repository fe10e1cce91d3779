//! `exposure` by its other kernels, against sums over every neighbour.

use std::sync::Arc;

use rayon::prelude::*;

use crate::score::program::{Call, Program};
use crate::score::{Kernel, Reach, TileReach};

use super::planes::{CELL_M, Planes, frame};
use super::reference::{cells, known};
use super::stages::{Case, LONG_SUM};

/// The parts of `exponential` that have a radius, and its own cell.
const N_PARTS: f64 = 6.0;

/// The sum of gaussians is within this share of the exponential's over evenly spread people.
const BY_PARTS: f64 = 0.01;

/// λ, cells: the widest part's radius is then just below that of the bench.
fn lambda_cells(planes: &Planes) -> f64 {
    planes.radius as f64 / 8.0
}

/// `exponential`: its model counts the radii of all parts.
pub fn exponential(planes: &Planes) -> Case<'_> {
    let lambda = lambda_cells(planes);
    let kernel = Kernel::Exponential { lambda_m: lambda * CELL_M };
    let weight = move |d2: f64| (-d2.sqrt() / lambda).exp();
    let case = exposure("exposure_exponential", planes, kernel, weight, BY_PARTS);
    let textbook = Some(4.0 * (2.0 * case.n_each + N_PARTS));
    Case { textbook, ..case }
}

/// `disc`: a textbook adds every cell within the radius.
pub fn disc(planes: &Planes) -> Case<'_> {
    let radius = planes.radius as f64;
    let within = move |d2: f64| if d2 <= radius * radius { 1.0 } else { 0.0 };
    let kernel = Kernel::Disc { radius_m: radius * CELL_M };
    let case = exposure("exposure_disc", planes, kernel, within, LONG_SUM);
    let side = -(planes.radius as i64)..=planes.radius as i64;
    let n: f64 = side.clone().flat_map(|y| side.clone().map(move |x| within((x * x + y * y) as f64))).sum();
    Case { textbook: Some(n), ..case }
}

/// A case whose operations go by its radius: a textbook multiplies and adds every neighbour along each axis.
pub fn with_radius<'p>(case: Case<'p>, reach: &TileReach) -> Case<'p> {
    let radius = reach.radius_sum() as f64;
    Case { n_each: radius, textbook: Some(4.0 * (2.0 * radius + 1.0)), ..case }
}

/// A kernel's case; `weight` is its value by squared distance, cells.
fn exposure<'p>(
    stage: &'static str,
    planes: &'p Planes,
    kernel: Kernel,
    weight: impl Fn(f64) -> f64 + Sync + 'p,
    tolerance: f64,
) -> Case<'p> {
    let whole = frame(planes.side + 2 * planes.radius);
    let reach = Arc::new(Reach::new(kernel, &whole).of_tile(planes.tile));
    let mut program = Program::new(planes.side, planes.side);
    let source = reach.source_shape();
    let population = program.input_of(source);
    let hazard = program.input();
    let between = program.plane_of(reach.between(program.tile));
    let out = program.output();
    program.call(Call::Exposure { population, hazard, reach: reach.clone(), between, out });
    let people = &planes.population[..source.len()];
    let halo = reach.halo_cols;
    let expected = move |i: usize| {
        known(planes.hazard[i])?;
        let (col, row) = (i % planes.side, i / planes.side);
        let of_row = |y: usize| -> f64 {
            let of_cell = |x: usize| {
                let d2 = (x as f64 - halo as f64).powi(2) + (y as f64 - halo as f64).powi(2);
                weight(d2) * f64::from(people[(row + y) * source.n_cols + col + x])
            };
            (0..=2 * halo).map(of_cell).sum()
        };
        Some((0..=2 * halo).into_par_iter().map(of_row).sum())
    };
    let case = Case::new(stage, program, vec![people, &planes.hazard], cells(0, tolerance, expected));
    with_radius(case, &reach)
}
