//! `acceptability`: how often a cell is in the top when weights, hazard and cost are drawn anew, and how its rank
//! varies (SMAA, stochastic multicriteria acceptability analysis; Lahdelma & Salminen 1998, 2001).
//!
//! For sample s: weights w^s ([`WeightDraw`]), hazard h_i^s ([`HazardDraw`]), cost c_i · exp(τ z). Each sample
//! has its own priorities p_i^s = b(h_i^s, w^s) · a_i / c_i^s and, among all sampled cells, its own percentile ranks
//! (`rank`'s formula, ties at their mid-rank). Out per cell: the share of samples in which its rank is at
//! least 100 − q (the rule of `class`), the mean rank, and its standard deviation over the samples (divided by S).
//!
//! ```text
//! acceptability_term      v, g → u                 once a criterion: u = g v, or log2(g max(v, ε)) for `product`
//! acceptability_count     u → bins                 p^s = f Σ w_k^s u_k, counted by its bits: some cells first (`survey`),
//!                                                  then all, those near a threshold in finer parts as well (`bins`)
//! acceptability_recount   u → parts                full bins, and thresholds where none was expected, in finer parts
//! acceptability           u, ranks → sums          share in the top, Σ rank, Σ rank²
//! ```
//!
//! g is what does not change: h · a / c where hazard is fixed, a / c where it is drawn, without a / c where the
//! rank is by benefit. `product` stays a logarithm: ranks are the same. In an ordered list p^s is a key of the tier and
//! of Σ w_k^s u_k (`tiers`). Samples go in groups of 256, so
//! memory does not grow with their number. No transcendental function runs per cell but through tables made on the
//! CPU: with one σ for all cells, exp(σ z) takes 4096 values; with a layer of σ it is `product`'s table of 2^x.
//! Twins: the shaders of these names.
//!
//! By hand: three cells, one criterion worth 1, ½ and 0 everywhere else equal: whatever the weights, ranks are 100, 50
//! and 0 in every sample, so acceptability at 10 % is 1, 0, 0 and every standard deviation is 0.

pub mod bins;
pub mod chance;
pub mod dense;
pub mod draws;
pub mod group;
pub mod native;
mod noise;
pub mod recount;
pub mod robustness;
pub mod survey;
pub mod term;
pub mod tiers;
pub mod worth;

pub use draws::Draws;
pub use group::Group;
pub use robustness::{HazardDraw, Robustness, WeightDraw};
pub use term::TermForm;
pub use tiers::Tiers;
pub use worth::{WorthCell, WorthOf, WorthSamples};
