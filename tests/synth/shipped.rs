//! The regions in `grids/` are what the generator makes, byte for byte. `BLESS=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use clearway::progress::Silent;
use clearway::synth::{Preset, synth};

use super::cells::spec;

const SHIPPED: [(Preset, usize, u64); 3] =
    [(Preset::Hillside, 256, 1), (Preset::Plain, 160, 1), (Preset::Nation, 320, 1)];

/// Written by hand, and left alone by `BLESS=1`.
const BY_HAND: [&str; 1] = ["SCENARIOS.toml"];

fn grids() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grids")
}

#[test]
fn shipped_regions_are_what_the_generator_makes() {
    for (preset, size, seed) in SHIPPED {
        let shipped = grids().join(preset.name());
        if std::env::var_os("BLESS").is_some() {
            for entry in fs::read_dir(&shipped).into_iter().flatten() {
                let entry = entry.unwrap();
                if !BY_HAND.iter().any(|name| entry.file_name() == *name) {
                    fs::remove_file(entry.path()).unwrap();
                }
            }
            synth(&spec(preset, size, seed), &shipped, &Silent::default()).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let summary = synth(&spec(preset, size, seed), folder.path(), &Silent::default()).unwrap();
        let mut bytes = 0;
        for file in &summary.files {
            let found = fs::read(shipped.join(file)).unwrap();
            let expected = fs::read(folder.path().join(file)).unwrap();
            bytes += found.len();
            let name = format!("grids/{}/{}", preset.name(), file.display());
            assert!(found == expected, "{name} is not what the generator makes; BLESS=1 writes it anew");
        }
        let names = fs::read_dir(&shipped).unwrap().map(|entry| entry.unwrap().file_name());
        let n_files = names.filter(|name| !BY_HAND.iter().any(|by_hand| name == *by_hand)).count();
        assert_eq!(n_files, summary.files.len(), "files in grids/{} that nothing makes", preset.name());
        // What the readme says of the regions stays true.
        let readme = fs::read_to_string(grids().join("README.md")).unwrap();
        assert!(readme.contains(&format!("{} teams", summary.n_teams)), "{} teams", summary.n_teams);
        if preset == Preset::Hillside {
            assert!(readme.contains(&format!("{} hazardous areas", summary.n_areas)), "{}", summary.n_areas);
        }
        assert!(bytes < 1_000_000, "grids/{} has {bytes} bytes", preset.name());
    }
}
