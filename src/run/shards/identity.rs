//! What makes pieces belong together: version, settings, inputs, engine, number of shards.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::Options;
use super::super::project::Project;
use crate::error::Result;
use crate::io::hash::{bytes_hash, sampled_hash};
use crate::score::EngineInfo;

/// Pieces of equal identity are of one score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    version: String,
    project: String,
    settings: Value,
    seed: u64,
    compress: String,
    /// `native`, whose bits are the same on every processor, or the device with its driver.
    engine: String,
    /// Of how many.
    pub n_shards: usize,
    inputs: Vec<Input>,
}

/// An input file, by what it holds and not by where or when it was copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Input {
    name: String,
    bytes: u64,
    hash: String,
}

impl Identity {
    /// Of a project to be scored with these options by so many shards.
    pub fn new(
        project: &Project,
        files: &[impl AsRef<Path>],
        options: &Options,
        engine: &EngineInfo,
        n_shards: usize,
    ) -> Result<Self> {
        let input = |path: &Path| -> Result<Input> {
            let hash = sampled_hash(path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Input { name, bytes: hash.bytes, hash: hash.sha256 })
        };
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            project: project.name.clone(),
            settings: project.as_used.clone(),
            seed: options.seed.unwrap_or(project.seed),
            compress: format!("{:?}", options.compression).to_lowercase(),
            engine: engine_words(engine),
            n_shards,
            inputs: files.iter().map(|path| input(path.as_ref())).collect::<Result<_>>()?,
        })
    }

    /// The same, computed by the engine of another.
    pub fn with_engine_of(self, other: &Self) -> Self {
        Self { engine: other.engine.clone(), ..self }
    }

    /// Whether an engine gives the bits that these pieces have.
    pub fn is_engine(&self, engine: &EngineInfo) -> bool {
        self.engine == engine_words(engine)
    }

    /// The engine, in words.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// A short text that only equal identities share.
    pub fn hash(&self) -> String {
        bytes_hash(format!("{self:?}").as_bytes())
    }

    /// How this differs from others, for a person.
    pub fn differences(&self, others: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let mut compare = |what: &str, mine: &str, other: &str| {
            if mine != other {
                told.push(format!("{what} {mine}, with the others {other}"));
            }
        };
        compare("version", &self.version, &others.version);
        compare("project", &self.project, &others.project);
        compare("seed", &self.seed.to_string(), &others.seed.to_string());
        compare("--compress", &self.compress, &others.compress);
        compare("engine", &self.engine, &others.engine);
        compare("shards in all", &self.n_shards.to_string(), &others.n_shards.to_string());
        if let Some((key, mine, other)) = first_difference("", &self.settings, &others.settings) {
            compare(&format!("`{key}`"), &mine, &other);
        }
        let names = |inputs: &[Input]| inputs.iter().map(|input| input.name.clone()).collect::<Vec<_>>();
        if names(&self.inputs) != names(&others.inputs) {
            compare("inputs", &names(&self.inputs).join(", "), &names(&others.inputs).join(", "));
        }
        for (mine, other) in self.inputs.iter().zip(&others.inputs).filter(|(mine, other)| mine != other) {
            let what = format!("input {} of", mine.name);
            if mine.bytes != other.bytes {
                compare(&what, &format!("{} bytes", mine.bytes), &format!("{} bytes", other.bytes));
            } else if mine.name == other.name {
                let short = |hash: &str| format!("SHA-256 {}…", &hash[..hash.len().min(12)]);
                compare(&what, &short(&mine.hash), &short(&other.hash));
            }
        }
        told
    }
}

fn engine_words(engine: &EngineInfo) -> String {
    match engine.kind {
        "native" => "native".to_owned(),
        kind => format!("{kind}: {}, {}", engine.device, engine.driver),
    }
}

/// The first key under which two settings differ, and what each holds there.
fn first_difference(key: &str, mine: &Value, other: &Value) -> Option<(String, String, String)> {
    let below = |step: &str| if key.is_empty() { step.to_owned() } else { format!("{key}.{step}") };
    let none = Value::Null;
    match (mine, other) {
        (Value::Object(mine), Value::Object(other)) => {
            let keys = mine.keys().chain(other.keys().filter(|key| !mine.contains_key(*key)));
            keys.map(|step| (step, mine.get(step).unwrap_or(&none), other.get(step).unwrap_or(&none)))
                .find_map(|(step, mine, other)| first_difference(&below(step), mine, other))
        }
        (Value::Array(mine), Value::Array(other)) if mine.len() == other.len() => {
            let pairs = mine.iter().zip(other).enumerate();
            let mut found = pairs.map(|(i, (mine, other))| {
                let name = mine["name"].as_str().map_or_else(|| i.to_string(), str::to_owned);
                first_difference(&below(&name), mine, other)
            });
            found.find_map(|found| found)
        }
        _ => (mine != other).then(|| {
            let word = |value: &Value| if value.is_null() { "not set".to_owned() } else { value.to_string() };
            (key.to_owned(), word(mine), word(other))
        }),
    }
}
