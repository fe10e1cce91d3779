//! The one place of colours: every map, table, style and chart takes its colours from here.
//!
//! A quantity is shown by lightness: pale is little, dark is much, so that *first* is the darkest everywhere. The ramp
//! is matplotlib's inferno (CC0), turned round and without its two ends (nearly white, nearly black): its
//! lightness falls steadily, so it reads in a grey print and for colour-blind readers alike. Unknown has no colour at
//! all: it is left transparent, or hatched. Teams have twelve colours that stay apart for people with normal vision,
//! deuteranopia and protanopia; beyond that the line's dashes differ, and a team's name always stands beside its line.

use colorous::INFERNO;

/// A colour, 8 bits a channel, sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

/// Part of inferno that is used: from nearly black to pale yellow.
const DARK_END: f64 = 0.10;
/// See [`DARK_END`].
const PALE_END: f64 = 0.97;

/// Water, hairlines, notes: everything that is not data.
pub const INK: Rgb = Rgb::new(0x22, 0x22, 0x22);
/// Hatching of what is not known.
pub const UNKNOWN_HATCH: Rgb = Rgb::new(0x9a, 0x9a, 0x9a);
/// Paper, and the casing under lines.
pub const PAPER: Rgb = Rgb::new(0xff, 0xff, 0xff);

/// Chosen so that the least CIE 1976 distance of any two is 27 as seen with deuteranopia or protanopia (Machado et al.
/// 2009) and 45 with normal vision.
const TEAMS: [Rgb; 12] = [
    Rgb::new(0x00, 0x00, 0xff),
    Rgb::new(0xbb, 0xcc, 0x00),
    Rgb::new(0xcc, 0x55, 0xaa),
    Rgb::new(0x44, 0x88, 0x55),
    Rgb::new(0x88, 0x11, 0x00),
    Rgb::new(0x00, 0xcc, 0xff),
    Rgb::new(0x66, 0x00, 0xaa),
    Rgb::new(0x00, 0xdd, 0x77),
    Rgb::new(0xaa, 0x77, 0x11),
    Rgb::new(0x66, 0x88, 0xff),
    Rgb::new(0x33, 0x44, 0x55),
    Rgb::new(0xcc, 0xbb, 0xbb),
];

/// Dashes of a team's line, as SVG's `stroke-dasharray` in units of its width; empty for a whole line.
const DASHES: [&[f64]; 4] = [&[], &[5.0, 2.0], &[1.5, 1.5], &[6.0, 2.0, 1.5, 2.0]];

impl Rgb {
    /// Of three channels.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// `#rrggbb`, for HTML, SVG and QML.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }

    /// CIE 1976 lightness, 0 (black) to 100 (white).
    pub fn lightness(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let y = 0.212_67 * linear(self.r) + 0.715_15 * linear(self.g) + 0.072_18 * linear(self.b);
        if y > 216.0 / 24_389.0 { 116.0 * y.cbrt() - 16.0 } else { y * 24_389.0 / 27.0 }
    }

    /// Black or white, whichever can be read on this colour.
    pub fn text_on(self) -> Self {
        if self.lightness() > 55.0 { INK } else { PAPER }
    }
}

/// How much of a quantity: 0 the palest, 1 the darkest; outside 0..1 as its end. NaN is taken for 0.
pub fn strength(share: f64) -> Rgb {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let colour = INFERNO.eval_continuous(PALE_END + (DARK_END - PALE_END) * share);
    Rgb::new(colour.r, colour.g, colour.b)
}

/// A rank 0..100, 100 (first) the darkest.
pub fn rank(rank: f64) -> Rgb {
    rank_above(rank, 0.0)
}

/// The same on a map whose lowest rank is `least` (below 100), which is the palest: cells tied at the bottom, such as ground
/// worth nothing, share the middle of their ranks, and are last all the same.
pub fn rank_above(rank: f64, least: f64) -> Rgb {
    strength((rank - least) / (100.0 - least))
}

/// How much less or more than before: −1 the strongest orange, 0 pale, 1 the strongest purple; outside as its end. NaN is
/// taken for 0. The two hues stay apart for colour-blind readers; in grey only how much it differs is left.
pub fn difference(share: f64) -> Rgb {
    let share = if share.is_nan() { 0.0 } else { share.clamp(-1.0, 1.0) };
    let colour = colorous::PURPLE_ORANGE.eval_continuous(0.5 - 0.5 * share);
    Rgb::new(colour.r, colour.g, colour.b)
}

/// A class 1 (first, darkest) … `n_classes`; `None` for 0, which is not scored, and for what is no class.
pub fn class(class: u8, n_classes: u8) -> Option<Rgb> {
    if class == 0 || class > n_classes {
        return None;
    }
    // The last class keeps a tint, so that it differs from paper.
    let steps = f64::from(n_classes.max(2) - 1);
    Some(strength(1.0 - 0.92 * f64::from(class - 1) / steps))
}

/// What a class is called in a legend.
pub fn class_label(class: u8, n_classes: u8) -> String {
    match class {
        0 => "not scored".to_owned(),
        1 => "class 1 (first)".to_owned(),
        last if last == n_classes => format!("class {last} (last)"),
        other => format!("class {other}"),
    }
}

/// How a team's line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TeamStroke {
    /// Colour.
    pub colour: Rgb,
    /// Dashes in units of the line's width, empty for a whole line.
    pub dashes: &'static [f64],
}

/// The stroke of a team by its place among the teams: 12 colours, then the same with other dashes.
pub fn team(index: usize) -> TeamStroke {
    TeamStroke { colour: TEAMS[index % TEAMS.len()], dashes: DASHES[index / TEAMS.len() % DASHES.len()] }
}
