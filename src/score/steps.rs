//! Steps: the walks over the tiles whose counts must be known of the whole frame before the next one begins.
//!
//! A frame may be walked by parts, in other processes and at other times. A step's counts are integers, largest values
//! and nothing else, so those of parts add up to those of the whole in any order ([`StepCounts::add`]). Who hands the
//! planes on ([`PlaneSink`](super::PlaneSink)) also says what is known of each step and takes what was counted:
//!
//! | step | reads | leaves planes | counts |
//! |---|---|---|---|
//! | `exposure` | layers, people with the reach's halo | exposure, people at risk | unknown cells, largest values |
//! | `quantile-C-L` | one layer, exposure | – | cells by value of criterion C, level L |
//! | `priority` | layers, exposure | benefit, cost, benefit per cost | histogram |
//! | `refine-L` | what the rank orders by | – | cells of full bins |
//! | `rank` | the same, people at risk, cost | rank, class | curve, classes |
//! | `survey-G` | layers, exposure, of some cells | – | samples of group G by bin |
//! | `sample-G` | layers, exposure | – | the same of all cells, by bins that the survey sets |
//! | `anew-G` | layers, exposure | – | the same where that was too coarse |
//! | `resample-G-S` | layers, exposure | – | the same, from sample S on, where a bin holds too much |
//! | `moments` | layers, exposure | acceptability, rank mean and deviation | – |

use super::program::Tally;
use super::reading::Counts;
use crate::error::{Fault, Result};

/// A walk over the tiles whose counts are needed of all parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Exposure, people at risk, and what reading the layers counts.
    Exposure,
    /// Cells by value, of the source that a criterion asks quantiles of.
    Quantile {
        /// The first criterion with that source.
        criterion: usize,
        /// 0 for bins, then finer.
        level: usize,
    },
    /// Benefit, cost, priority and its histogram.
    Priority,
    /// Full bins of the histogram, more finely.
    Refine {
        /// 0 for parts, 1 for single keys.
        level: usize,
    },
    /// Rank, class and the curve.
    Rank,
    /// Samples of a group counted in some of the cells.
    Survey {
        /// The group.
        group: usize,
    },
    /// Samples of a group counted in all cells.
    Sample {
        /// The group.
        group: usize,
    },
    /// The same with other bins, where the survey's were too coarse.
    SampleAnew {
        /// The group.
        group: usize,
    },
    /// Those of a group counted again more finely.
    Resample {
        /// The group.
        group: usize,
        /// From this sample of the group on.
        from: usize,
    },
    /// Acceptability, mean and deviation of the rank.
    Moments,
}

impl Step {
    /// Its name, fit for a file.
    pub fn name(self) -> String {
        match self {
            Self::Exposure => "exposure".into(),
            Self::Quantile { criterion, level } => format!("quantile-{criterion}-{level}"),
            Self::Priority => "priority".into(),
            Self::Refine { level } => format!("refine-{level}"),
            Self::Rank => "rank".into(),
            Self::Survey { group } => format!("survey-{group}"),
            Self::Sample { group } => format!("sample-{group}"),
            Self::SampleAnew { group } => format!("anew-{group}"),
            Self::Resample { group, from } => format!("resample-{group}-{from}"),
            Self::Moments => "moments".into(),
        }
    }

    /// The step of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut words = name.split('-');
        let kind = words.next()?;
        let numbers = words.map(str::parse).collect::<std::result::Result<Vec<usize>, _>>().ok()?;
        Some(match (kind, numbers.as_slice()) {
            ("exposure", []) => Self::Exposure,
            ("quantile", &[criterion, level]) => Self::Quantile { criterion, level },
            ("priority", []) => Self::Priority,
            ("refine", &[level]) => Self::Refine { level },
            ("rank", []) => Self::Rank,
            ("survey", &[group]) => Self::Survey { group },
            ("sample", &[group]) => Self::Sample { group },
            ("anew", &[group]) => Self::SampleAnew { group },
            ("resample", &[group, from]) => Self::Resample { group, from },
            ("moments", []) => Self::Moments,
            _ => return None,
        })
    }

    /// Whether it does no more than count cells that lie written: cheaper than having every part begin once more.
    pub fn is_light(self) -> bool {
        matches!(self, Self::Quantile { .. } | Self::Refine { .. })
    }
}

/// What is known of a step.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Nothing: it is to be walked.
    Walk,
    /// It was walked everywhere; these are the counts of all parts.
    Known(Box<StepCounts>),
    /// It was walked here, or shall not be, and other parts are missing.
    Wait,
    /// It shall not be walked in this call; what it waits for may be.
    NotYet,
}

/// What a step counts.
#[derive(Debug, Clone, Default)]
pub struct StepCounts {
    /// Of the layers read.
    pub(super) read: Option<Counts>,
    /// By the programs.
    pub(super) tally: Tally,
    /// Cells by row and class.
    pub(super) classes: Vec<Vec<u64>>,
    /// Cells sampled.
    pub(super) n_cells: u64,
    /// What a person should know of how it was computed.
    pub warnings: Vec<String>,
}

/// Marks the bytes and their version.
const MAGIC: u64 = u64::from_le_bytes(*b"clwycnt1");

impl StepCounts {
    /// Of programs alone.
    pub(super) fn of(tally: Tally) -> Self {
        Self { tally, ..Self::default() }
    }

    /// Adds those of another part of the frame.
    ///
    /// # Errors
    /// `score.other_counts` where the two are not of the same step, recipe and frame.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        if self.shape() != other.shape() {
            let (expected, found) = (format!("{:?} counts", self.shape()), format!("{:?}", other.shape()));
            let fix = "add counts of one step, recipe and frame only";
            return Err(Fault::new("score.other_counts", "counts of a part", expected, found, fix).into());
        }
        if let (Some(read), Some(more)) = (&mut self.read, &other.read) {
            read.add_all(more);
        }
        let Tally { maximum_bits, bins, refined, segments, samples } = &mut self.tally;
        *maximum_bits = (*maximum_bits).max(other.tally.maximum_bits);
        let more = &other.tally;
        let pairs = [(bins, &more.bins), (refined, &more.refined), (samples, &more.samples)];
        for (sums, more) in pairs {
            sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
        }
        segments.iter_mut().zip(&more.segments).for_each(|(sum, segment)| sum.add(segment));
        for (sums, more) in self.classes.iter_mut().zip(&other.classes) {
            sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
        }
        self.n_cells += other.n_cells;
        let known = self.warnings.len();
        let new = other.warnings.iter().filter(|text| !self.warnings[..known].contains(text)).cloned();
        let new: Vec<String> = new.collect();
        self.warnings.extend(new);
        Ok(())
    }

    /// How many counts of each kind there are.
    fn shape(&self) -> (Option<[usize; 3]>, [usize; 6]) {
        let Tally { maximum_bits: _, bins, refined, segments, samples } = &self.tally;
        let classes = self.classes.first().map_or(0, Vec::len);
        let read = self.read.as_ref().map(Counts::shape);
        (read, [bins.len(), refined.len(), segments.len(), samples.len(), self.classes.len(), classes])
    }

    /// As bytes, the same on every machine; most counts are 0, so they compress well.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut words = vec![MAGIC];
        let list = |values: &[u64], words: &mut Vec<u64>| {
            words.push(values.len() as u64);
            words.extend(values);
        };
        words.push(u64::from(self.read.is_some()));
        words.extend(self.read.iter().flat_map(Counts::to_words));
        let Tally { maximum_bits, bins, refined, segments, samples } = &self.tally;
        words.extend([u64::from(*maximum_bits), self.n_cells]);
        for values in [bins, refined, samples] {
            list(values, &mut words);
        }
        words.push(segments.len() as u64);
        for segment in segments {
            words.push(segment.cells);
            words.extend(segment.sums.iter().flat_map(|sum| halves(*sum)));
        }
        words.push(self.classes.len() as u64);
        list(&self.classes.concat(), &mut words);
        words.push(self.warnings.len() as u64);
        for text in &self.warnings {
            words.push(text.len() as u64);
            words.extend(text.as_bytes().chunks(8).map(|bytes| {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(word)
            }));
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// From [`StepCounts::to_bytes`]; `None` where they are not whole.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut words = Words { left: words };
        if !rest.is_empty() || words.next()? != MAGIC {
            return None;
        }
        let read = if words.next()? > 0 { Some(Counts::of_words(&mut words)?) } else { None };
        let maximum_bits = u32::try_from(words.next()?).ok()?;
        let n_cells = words.next()?;
        let (bins, refined, samples) = (words.list()?, words.list()?, words.list()?);
        let n_segments = words.length()?;
        let mut segments = Vec::with_capacity(n_segments);
        for _ in 0..n_segments {
            let cells = words.next()?;
            let mut sums = [0; super::curve::N_SUMS];
            for sum in &mut sums {
                *sum = words.wide()?;
            }
            segments.push(super::curve::SegmentSum { cells, sums });
        }
        let (n_rows, classes) = (words.length()?, words.list()?);
        let each = classes.len().checked_div(n_rows).unwrap_or(0);
        let n_warnings = words.length()?;
        let warnings = (0..n_warnings).map(|_| words.text()).collect::<Option<_>>()?;
        if each * n_rows != classes.len() || !words.left.is_empty() {
            return None;
        }
        let classes = classes.chunks(each.max(1)).map(<[u64]>::to_vec).collect();
        let tally = Tally { maximum_bits, bins, refined, segments, samples };
        Some(Self { read, tally, classes, n_cells, warnings })
    }
}

/// A 128-bit number as two words.
pub(super) fn halves(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}

/// Words still to be read.
pub(super) struct Words<'a> {
    left: &'a [[u8; 8]],
}

impl Words<'_> {
    /// The next one.
    pub(super) fn next(&mut self) -> Option<u64> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(u64::from_le_bytes(*first))
    }

    /// Two of them as one number.
    pub(super) fn wide(&mut self) -> Option<u128> {
        let (low, high) = (self.next()?, self.next()?);
        Some(u128::from(high) << 64 | u128::from(low))
    }

    /// A number of entries that follow; never more than there are words.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.next()?).ok().filter(|n| *n <= self.left.len())
    }

    /// The next `n`.
    pub(super) fn take(&mut self, n: usize) -> Option<Vec<u64>> {
        let (list, rest) = self.left.split_at_checked(n)?;
        self.left = rest;
        Some(list.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }

    /// A text with its length before it.
    fn text(&mut self) -> Option<String> {
        let n_bytes = usize::try_from(self.next()?).ok()?;
        let (words, rest) = self.left.split_at_checked(n_bytes.div_ceil(8))?;
        self.left = rest;
        String::from_utf8(words.as_flattened()[..n_bytes].to_vec()).ok()
    }

    /// A list with its length before it.
    fn list(&mut self) -> Option<Vec<u64>> {
        let n = self.length()?;
        self.take(n)
    }
}
