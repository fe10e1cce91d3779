//! Whether the pieces in a folder are those of one score: none missing, damaged or of another.

use std::collections::BTreeMap;

use super::folder::{self, LAYERS, ShardsFolder, StepRecord};
use super::identity::Identity;
use crate::error::{Fault, Faults, Result};
use crate::score::Step;

/// Shards named in one message.
const MOST_NAMED: usize = 12;

/// By step, each shard's record.
pub type Steps = BTreeMap<String, Vec<StepRecord>>;

/// What the pieces have in common, and the records of the steps that every shard has done. Of what is missing, damaged
/// or of another score all shards are named.
pub fn together(folder: &ShardsFolder) -> Result<(Identity, Steps)> {
    let n_shards = number_of_shards(folder)?;
    let by_shard = read_records(folder, n_shards)?;
    let Some(identity) = common_identity(&by_shard) else {
        let place = folder.root.display().to_string();
        let fix = "run the shards again";
        return Err(Fault::new("shard.none", place, "pieces of shards", "none that is whole", fix).into());
    };
    refuse_foreign(folder, &by_shard, &identity)?;
    whole_steps(folder, by_shard).map(|steps| (identity, steps))
}

/// The records of one shard, by step.
type OfShard = BTreeMap<String, StepRecord>;

/// Of how many shards the pieces in a folder are.
fn number_of_shards(folder: &ShardsFolder) -> Result<usize> {
    let found = folder.found();
    let place = folder.root.display().to_string();
    let Some(&(_, of)) = found.last() else {
        let fix = "run `clearway score PROJECT --shard I/N --out DIR` for every I first";
        return Err(Fault::new("shard.none", place, "pieces of shards", "none", fix).into());
    };
    if let Some((_, other)) = found.iter().find(|(_, other)| *other != of) {
        let found = format!("pieces of {other} and of {of} shards");
        let fix = "remove the folders of one of the two";
        return Err(Fault::new("shard.count", place, "shards of one number", found, fix).into());
    }
    Ok(of)
}

/// Every shard's records, first shard first. Their files must be there.
fn read_records(folder: &ShardsFolder, of: usize) -> Result<Vec<OfShard>> {
    let (mut by_shard, mut faults) = (Vec::new(), Faults::new());
    for number in 1..=of {
        let home = folder.shard(number, of);
        let mut records = OfShard::new();
        for step in folder::recorded_steps(&home) {
            let Some(record) = faults.take(folder::read_record(&home, &step))?.flatten() else { continue };
            if let Some(file) = record.missing_file(&home) {
                let path = home.join(&file.name);
                let found = if path.exists() { "another size" } else { "nothing" };
                faults.take(Err::<(), _>(folder::damaged(&path, found)))?;
            }
            records.insert(step, record);
        }
        by_shard.push(records);
    }
    faults.finish().map(|()| by_shard)
}

/// The identity that most records have.
fn common_identity(by_shard: &[OfShard]) -> Option<Identity> {
    let mut counts: Vec<(&Identity, usize)> = Vec::new();
    for identity in by_shard.iter().flat_map(BTreeMap::values).map(|record| &record.identity) {
        match counts.iter_mut().find(|(known, _)| *known == identity) {
            Some((_, n)) => *n += 1,
            None => counts.push((identity, 1)),
        }
    }
    // Of equal numbers the first.
    counts.iter().rev().max_by_key(|(_, n)| *n).map(|(identity, _)| (*identity).clone())
}

/// Names every shard of another score, and how it differs.
fn refuse_foreign(folder: &ShardsFolder, by_shard: &[OfShard], identity: &Identity) -> Result<()> {
    let (of, mut faults) = (by_shard.len(), Faults::new());
    for (number, records) in (1..).zip(by_shard) {
        if let Some(other) = records.values().find(|record| record.identity != *identity) {
            let differences = other.identity.differences(identity).join("; ");
            let place = format!("{}, step {}", folder.shard(number, of).display(), other.step);
            let found = format!("shard {number} of {of} with {differences}");
            let fix = "run it again as the others were, or all of them into another folder";
            faults.push(Fault::new("shard.foreign", place, "a piece of the same score", found, fix));
        }
    }
    faults.finish()
}

/// The steps with every shard's record; names the shards that lack one.
fn whole_steps(folder: &ShardsFolder, mut by_shard: Vec<OfShard>) -> Result<Steps> {
    let of = by_shard.len();
    let mut names: Vec<String> = by_shard.iter().flat_map(|records| records.keys().cloned()).collect();
    // Nothing can be put together without these two.
    names.extend([LAYERS.to_owned(), Step::Exposure.name()]);
    names.sort();
    names.dedup();
    // In the order in which shards do them, so that a shard is named by the first that it lacks.
    names.sort_by_key(|name| Step::of_name(name));
    let (mut steps, mut faults, mut told) = (BTreeMap::new(), Faults::new(), Vec::new());
    for name in names {
        let lacks = |(_, records): &(usize, &OfShard)| !records.contains_key(&name);
        let lacking = (1..).zip(&by_shard).filter(lacks).map(|(number, _)| number);
        let missing: Vec<usize> = lacking.collect();
        let new: Vec<usize> = missing.iter().copied().filter(|number| !told.contains(number)).collect();
        if !new.is_empty() {
            faults.push(missing_fault(folder, &name, &new, of));
            told.extend(new);
        }
        if missing.is_empty() {
            let records: Vec<StepRecord> =
                by_shard.iter_mut().filter_map(|records| records.remove(&name)).collect();
            steps.insert(name, records);
        }
    }
    faults.finish().map(|()| steps)
}

fn missing_fault(folder: &ShardsFolder, step: &str, missing: &[usize], of: usize) -> Fault {
    let mut names: Vec<String> = missing.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    if missing.len() > MOST_NAMED {
        names.push(format!("{} more", missing.len() - MOST_NAMED));
    }
    let place = format!("{}, step {step}", folder.root.display());
    let found = format!("none of shard {}", names.join(", "));
    let out = folder.root.parent().unwrap_or(&folder.root).display().to_string();
    let fix = format!("run `clearway score PROJECT --shard {}/{of} --out {out}` and so on", missing[0]);
    Fault::new("shard.missing", place, format!("a piece of each of {of} shards"), found, fix)
}
