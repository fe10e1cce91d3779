//! Invented names that can be said aloud. Any likeness to a real place is chance.

use std::collections::HashSet;

use super::chance::Dice;

const ONSETS: [&str; 22] = [
    "b", "br", "d", "dr", "f", "g", "gl", "h", "k", "kr", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v",
    "z", "",
];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "a", "e", "o"];
const CODAS: [&str; 12] = ["", "", "", "l", "n", "r", "s", "m", "rn", "nd", "th", "sk"];
const ENDINGS: [&str; 12] = ["a", "ey", "in", "or", "um", "aven", "ille", "eth", "ova", "ost", "ar", "enda"];

/// Gives each asked name once.
pub struct Names {
    dice: Dice,
    given: HashSet<String>,
}

impl Names {
    /// The names of a seed.
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, "names", 0), given: HashSet::new() }
    }

    /// A name not given before.
    pub fn next_name(&mut self) -> String {
        for attempt in 0.. {
            // The more names are given, the longer new ones get.
            let syllables = 1 + self.dice.below(2 + attempt / 8);
            let mut name = String::new();
            for _ in 0..syllables {
                name.push_str(pick(&mut self.dice, &ONSETS));
                name.push_str(pick(&mut self.dice, &VOWELS));
                name.push_str(pick(&mut self.dice, &CODAS));
            }
            if name.ends_with(['a', 'e', 'i', 'o', 'u']) {
                name.push_str(pick(&mut self.dice, &ONSETS[..21]));
            }
            name.push_str(pick(&mut self.dice, &ENDINGS));
            let name = name[..1].to_uppercase() + &name[1..];
            if (4..=12).contains(&name.len()) && self.given.insert(name.clone()) {
                return name;
            }
        }
        unreachable!("longer names never run out")
    }
}

fn pick(dice: &mut Dice, from: &[&'static str]) -> &'static str {
    from[dice.below(from.len())]
}
