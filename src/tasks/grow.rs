//! Tasks grown from the priority grid.

use rayon::prelude::*;

use super::components::{Run, Selection, components, select};
use super::outline::outline;
use super::split::{Piece, Sizes, split};
use super::zonal::{Ground, sums};
use super::{Finding, Planes, TaskArea, TaskOptions, finish, from_sums};
use crate::error::{Fault, Faults, Result};
use crate::progress::Progress;
use crate::units::M2_PER_HECTARE;

/// Which cells become tasks, and how large tasks may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrowOptions {
    /// Cells of at least this rank are taken, 0..100.
    pub min_rank: f64,
    /// Connected pieces below this are dropped and reported, m². Parts of a piece that is split are kept, whatever
    /// their area.
    pub min_area_m2: f64,
    /// Connected pieces above this are split, m².
    pub max_area_m2: f64,
}

impl Default for GrowOptions {
    fn default() -> Self {
        Self { min_rank: 90.0, min_area_m2: 5_000.0, max_area_m2: 100_000.0 }
    }
}

impl GrowOptions {
    fn check(&self) -> Result<()> {
        let mut faults = Faults::new();
        let mut want = |is_right: bool, key: &str, expected: &str, found: f64, fix: &str| {
            if !is_right {
                let place = format!("tasks.grow.{key}");
                faults.push(Fault::new("grow.out_of_range", place, expected, found.to_string(), fix));
            }
        };
        want(
            (0.0..=100.0).contains(&self.min_rank),
            "min_rank",
            "a rank from 0 to 100",
            self.min_rank,
            "give 90 to take the top tenth",
        );
        let is_min_right = self.min_area_m2.is_finite() && self.min_area_m2 >= 0.0;
        want(is_min_right, "min_area_m2", "an area of at least 0", self.min_area_m2, "give square metres");
        let is_max_right = self.max_area_m2 > 0.0 && self.max_area_m2 >= self.min_area_m2;
        want(
            is_max_right,
            "max_area_m2",
            "an area above 0 and not below min_area_m2",
            self.max_area_m2,
            "give square metres",
        );
        faults.finish()
    }
}

/// Tasks grown from the cells of rank at least `min_rank`: connected pieces (over edges and corners), in order
/// of their mean rank as T0001, T0002, …
///
/// Nothing selected is a fault that names `min_rank`; nothing large enough is one that names `min_area_m2`. Where
/// one cell is larger than `max_area_m2` each cell becomes a task, with a finding.
pub fn grow(
    planes: &Planes<'_>,
    grow: &GrowOptions,
    options: &TaskOptions<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<TaskArea>, Vec<Finding>)> {
    grow.check()?;
    let frame = planes.rank.frame();
    let selection = select(planes, grow.min_rank, options.tile_cells, progress)?;
    if selection.runs.is_empty() {
        let found = format!("none of rank {} or more", grow.min_rank);
        let fix = "lower `min_rank`, or check that cells are scored at all";
        return Err(
            Fault::new("grow.nothing", "tasks.grow.min_rank", "cells to grow from", found, fix).into()
        );
    }
    let sizes = Sizes::new(frame, grow.max_area_m2);
    let mut findings = Vec::new();
    let pieces = large_enough(&selection, &sizes, grow, &mut findings)?;
    drop(selection);
    progress.check()?;

    let parts: Vec<Vec<Piece>> = pieces.into_par_iter().map(|piece| split(piece, &sizes)).collect();
    findings.extend(describe_split(&parts, &sizes, grow.min_area_m2));
    let parts: Vec<Vec<Run>> = parts.into_par_iter().flatten().map(|part| part.runs()).collect();
    progress.check()?;

    let grounds: Vec<Ground<'_>> = parts.iter().map(|runs| Ground::Cells(runs)).collect();
    let sums = sums(&grounds, planes, options.tile_cells, progress)?;
    let mut tasks: Vec<((u32, u32), TaskArea)> = parts
        .par_iter()
        .zip(&sums)
        .map(|(runs, sums)| {
            let area_m2 = sums.covered_m2;
            let scored_share = if area_m2 > 0.0 { sums.scored_m2 / area_m2 } else { 0.0 };
            let position = runs.first().map_or((0, 0), |run| (run.row, run.col));
            (position, from_sums(outline(runs, frame), area_m2, scored_share, sums, planes))
        })
        .collect();
    tasks.sort_by(|(position_a, a), (position_b, b)| {
        let rank = |task: &TaskArea| task.rank_mean.unwrap_or(f64::NEG_INFINITY);
        rank(b).total_cmp(&rank(a)).then(position_a.cmp(position_b))
    });
    let n_digits = tasks.len().to_string().len().max(4);
    let mut tasks: Vec<TaskArea> = tasks
        .into_iter()
        .zip(1..)
        .map(|((_, task), number)| TaskArea { task_id: format!("T{number:0n_digits$}"), ..task })
        .collect();
    findings.extend(finish(&mut tasks, &frame.crs, options)?);
    Ok((tasks, findings))
}

/// The connected pieces of at least the least area; what is dropped is told.
fn large_enough(
    selection: &Selection,
    sizes: &Sizes,
    grow: &GrowOptions,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let (mut n_dropped, mut dropped_m2, mut dropped_benefit, mut largest_m2) = (0_usize, 0.0, 0.0, 0.0_f64);
    for component in components(&selection.runs) {
        let runs = || component.iter().map(|run| *run as usize);
        let run_m2 = |run: usize| {
            let Run { row, .. } = selection.runs[run];
            sizes.cell_m2(row) * selection.runs[run].len() as f64
        };
        let area_m2: f64 = runs().map(run_m2).sum();
        if area_m2 < grow.min_area_m2 * (1.0 - 1e-9) {
            n_dropped += 1;
            dropped_m2 += area_m2;
            largest_m2 = largest_m2.max(area_m2);
            let benefit_m2 = |run: usize| selection.benefits[run] * sizes.cell_m2(selection.runs[run].row);
            dropped_benefit += runs().map(benefit_m2).sum::<f64>() / M2_PER_HECTARE;
            continue;
        }
        let mut piece = Piece::default();
        for run in runs() {
            let Run { row, col, .. } = selection.runs[run];
            for (col, cost) in (col..).zip(selection.costs_of(run)) {
                piece.push(row, col, *cost);
            }
        }
        pieces.push(piece);
    }
    if pieces.is_empty() {
        let expected = format!("pieces of at least {} m²", grow.min_area_m2);
        let found = format!("{n_dropped} pieces, the largest of {largest_m2:.0} m²");
        let fix = "lower `min_area_m2`, or lower `min_rank` so that pieces grow together";
        return Err(Fault::new("grow.too_small", "tasks.grow.min_area_m2", expected, found, fix).into());
    }
    if n_dropped > 0 {
        let text = format!(
            "{n_dropped} pieces of less than {} m² are left out: {:.2} ha and {dropped_benefit:.3} benefit-hectares in all",
            grow.min_area_m2,
            dropped_m2 / M2_PER_HECTARE
        );
        findings.push(Finding::overall("grow.dropped", text));
    }
    Ok(pieces)
}

/// What was split into how many, and how even the parts are.
fn describe_split(pieces: &[Vec<Piece>], sizes: &Sizes, min_area_m2: f64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_larger = |piece: &Piece| piece.area_m2(sizes) > sizes.max_area_m2 * (1.0 + 1e-9);
    let n_large_cells = pieces.iter().flatten().filter(|part| part.len() == 1 && is_larger(part)).count();
    if n_large_cells > 0 {
        let text = format!(
            "one cell is larger than max_area_m2 = {}: {n_large_cells} cells are a task each",
            sizes.max_area_m2
        );
        findings.push(Finding::overall("grow.cell_too_large", text));
    }
    let split: Vec<&Vec<Piece>> =
        pieces.iter().filter(|parts| parts.len() > 1 && !parts.iter().any(is_larger)).collect();
    if split.is_empty() {
        return findings;
    }
    let n_parts: usize = split.iter().map(|parts| parts.len()).sum();
    let spreads = split.iter().filter_map(|parts| {
        let costs: Vec<f64> = parts.iter().map(Piece::cost_usd).collect();
        let mean = costs.iter().sum::<f64>() / costs.len() as f64;
        let most = costs.iter().copied().fold(0.0, f64::max);
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        (mean > 0.0).then_some((most / mean, least / mean))
    });
    let (most, least) = spreads.fold((1.0_f64, 1.0_f64), |(most, least), (m, l)| (most.max(m), least.min(l)));
    let is_small = |piece: &&Piece| piece.area_m2(sizes) < min_area_m2 * (1.0 - 1e-9);
    let n_small = split.iter().flat_map(|parts| parts.iter()).filter(is_small).count();
    let mut text = format!(
        "{} pieces of more than {} m² are split into {n_parts} tasks; the dearest costs {most:.2} times, the cheapest \
         {least:.2} times the mean of its piece",
        split.len(),
        sizes.max_area_m2
    );
    if n_small > 0 {
        text.push_str(&format!("; {n_small} of them are smaller than min_area_m2, but no ground is lost"));
    }
    findings.push(Finding::overall("grow.split", text));
    findings
}
