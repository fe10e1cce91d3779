//! Words and numbers that options take.

use clap::ValueEnum;
use clearway::run::shards::Shard;

/// When stderr is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Always, with the lines that faults speak of.
    Always,
    /// Never.
    Never,
}

/// How stderr says how far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// Bars on a terminal, else plain lines.
    Auto,
    /// Plain lines.
    Plain,
    /// A JSON object a line.
    Json,
}

/// Which engines `bench` measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchBackend {
    /// The native engine.
    Cpu,
    /// A GPU, or an error.
    Gpu,
    /// Both.
    All,
}

/// What computes the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The fastest real GPU, else the native engine.
    Auto,
    /// A GPU, or an error.
    Gpu,
    /// The native engine.
    Cpu,
}

/// Compression of grids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// Opens everywhere.
    Deflate,
    /// Faster; not read by Esri products.
    Zstd,
    /// None.
    None,
}

/// Presets of `synth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PresetName {
    /// UTM, 30 m cells.
    Hillside,
    /// EPSG:4326, cells of 1 arc second.
    Plain,
    /// Many provinces, settlements and teams.
    Nation,
}

/// Bytes from a text such as `4GiB`, `500MB` or `1073741824`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "k" | "kib" => 1024.0,
        "mb" => 1e6,
        "m" | "mib" => 1024.0 * 1024.0,
        "gb" => 1e9,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "tb" => 1e12,
        "t" | "tib" => 1024.0_f64.powi(4),
        other => return Err(format!("unknown unit `{other}`; write it as 4GiB or 500MB")),
    };
    let bytes = number.parse::<f64>().map_err(|_| "write it as 4GiB or 500MB".to_owned())? * factor;
    if bytes < 64.0 * 1024.0 * 1024.0 {
        return Err("at least 64MiB is needed".to_owned());
    }
    Ok(bytes as u64)
}

/// A point from a text such as `512345,5512345`.
pub fn parse_point(text: &str) -> Result<[f64; 2], String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match numbers[..] {
        [x, y] if x.is_finite() && y.is_finite() && text.matches(',').count() == 1 => Ok([x, y]),
        _ => Err("two numbers parted by a comma are needed, such as 512345,5512345".to_owned()),
    }
}

/// Shards that folders' names can tell apart.
const MOST_SHARDS: usize = 9999;

/// One of several shards from a text such as `3/7`.
pub fn parse_shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(number, of)| {
        Some(Shard { number: number.trim().parse().ok()?, of: of.trim().parse().ok()? })
    });
    match parsed {
        Some(shard) if (1..=shard.of).contains(&shard.number) && shard.of <= MOST_SHARDS => Ok(shard),
        _ => Err(format!("write it as I/N, I from 1 to N and N up to {MOST_SHARDS}, such as 3/7")),
    }
}

/// A finite number above 0.
pub fn parse_positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}
