//! What parts have counted, in a form that goes from process to process.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Fault, Result};
use crate::layers::Survey;
use crate::score::{EngineInfo, Step, StepCounts};

/// Compression of the bytes: most counts are 0.
const LEVEL: i32 = 1;

/// Counts by step and surveys of layers, of one part or of several.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// By step.
    pub steps: BTreeMap<Step, StepCounts>,
    /// What else is known.
    pub(super) about: About,
}

/// What is not counts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct About {
    /// By layer, the blocks surveyed by row and column of their first cell.
    pub surveys: BTreeMap<String, Vec<([i64; 2], Survey)>>,
    /// What a person should know of how layers were made.
    pub told: Vec<String>,
    /// Who computed it: kind, device, driver; of the native engine the kind alone, whose bits are the same everywhere.
    pub engine: Option<[String; 3]>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: String,
    about: About,
    steps: Vec<(String, usize)>,
}

impl Counted {
    /// Adds what another part, or another step, has counted. The order does not matter.
    ///
    /// # Errors
    /// `part.engine` where another engine computed it; those of [`StepCounts::add`].
    pub fn add(&mut self, other: Self) -> Result<()> {
        for (step, counts) in other.steps {
            match self.steps.get_mut(&step) {
                Some(sum) => sum.add(&counts)?,
                None => drop(self.steps.insert(step, counts)),
            }
        }
        for (layer, blocks) in other.about.surveys {
            self.about.surveys.entry(layer).or_default().extend(blocks);
        }
        for text in other.about.told {
            if !self.about.told.contains(&text) {
                self.about.told.push(text);
            }
        }
        match (&self.about.engine, other.about.engine) {
            (Some(one), Some(another)) if *one != another => {
                let name = |engine: &[String; 3]| match engine[0].as_str() {
                    "gpu" => format!("{} ({})", engine[1], engine[2]),
                    _ => "the native engine".to_owned(),
                };
                let found = format!("{} and {}", name(one), name(&another));
                let fix = "pass backend=\"cpu\", whose bits are the same everywhere, or name one device that all have";
                Err(Fault::new("part.engine", "parts of a score", "one engine for all", found, fix).into())
            }
            (None, another) => {
                self.about.engine = another;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The surveys of whole layers, once all parts are in: blocks added row by row, as one walk over a layer does.
    pub fn surveys(&self) -> BTreeMap<String, Survey> {
        let whole = |blocks: &Vec<([i64; 2], Survey)>| {
            let mut blocks: Vec<&([i64; 2], Survey)> = blocks.iter().collect();
            blocks.sort_by_key(|(at, _)| *at);
            let mut sum = Survey::default();
            blocks.into_iter().for_each(|(_, block)| sum.add(block));
            sum
        };
        self.about.surveys.iter().map(|(layer, blocks)| (layer.clone(), whole(blocks))).collect()
    }

    /// The same with each layer's survey as one block, once all parts are in.
    pub fn folded(mut self) -> Self {
        let whole = self.surveys().into_iter().map(|(layer, survey)| (layer, vec![([0, 0], survey)]));
        self.about.surveys = whole.collect();
        self
    }

    /// The GPU that computed it, if one did.
    pub(super) fn gpu(&self) -> Option<EngineInfo> {
        let [kind, device, driver] = self.about.engine.clone()?;
        (kind == "gpu").then_some(EngineInfo { kind: "gpu", device, driver })
    }

    /// As bytes, compressed.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let steps: Vec<(String, Vec<u8>)> =
            self.steps.iter().map(|(step, counts)| (step.name(), counts.to_bytes())).collect();
        let header = Header {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            about: self.about.clone(),
            steps: steps.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect(),
        };
        let failed = Error::io("pack", Path::new("counts of a part"));
        let header = match serde_json::to_vec(&header) {
            Ok(header) => header,
            Err(error) => return Err(failed(error.into())),
        };
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        steps.iter().for_each(|(_, counts)| bytes.extend(counts));
        zstd::bulk::compress(&bytes, LEVEL).map_err(failed)
    }

    /// From [`Counted::to_bytes`].
    ///
    /// # Errors
    /// `part.counts` where they are not whole, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let whole = || -> Option<Self> {
            let bytes = zstd::stream::decode_all(bytes).ok()?;
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            let (header, mut rest) = rest.split_at_checked(length)?;
            let Header { version, about, steps } = serde_json::from_slice(header).ok()?;
            if version != env!("CARGO_PKG_VERSION") {
                return None;
            }
            let mut counted = Self { about, ..Self::default() };
            for (name, length) in steps {
                let (counts, behind) = rest.split_at_checked(length)?;
                counted.steps.insert(Step::of_name(&name)?, StepCounts::from_bytes(counts)?);
                rest = behind;
            }
            rest.is_empty().then_some(counted)
        };
        whole().ok_or_else(|| {
            let expected = format!("counts of clearway {}", env!("CARGO_PKG_VERSION"));
            let fix = "install the same version of clearway on every worker";
            Fault::new("part.counts", "counts of a part", expected, "other bytes", fix).into()
        })
    }
}
