//! Chance: seeded dice for objects, hashed noise for cells, and the few functions whose bytes must not depend
//! on the machine.
//!
//! Objects (settlements, roads, belts) are drawn one after the other from [`Dice`], a PCG stream of its own for
//! each kind of thing. Cells ask [`Noise`], which hashes lattice coordinates (counter-based), so any tile can be
//! made alone. Everything here uses `+ − × ÷ √` only, which IEEE 754 rounds alike everywhere; `sin`, `exp` and
//! the like differ between libraries and are replaced by [`exp`] and [`cos_deg`].

use glam::DVec2;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// A stream of numbers for one kind of object.
pub struct Dice(Pcg64);

impl Dice {
    /// The stream `kind`, `index` of a seed; streams do not depend on how much of another was used.
    pub fn new(seed: u64, kind: &str, index: u64) -> Self {
        let tag = kind.bytes().fold(mix(index), |tag, byte| mix(tag ^ u64::from(byte)));
        let state = (u128::from(mix(seed)) << 64) | u128::from(mix(seed ^ tag));
        Self(Pcg64::new(state, u128::from(tag)))
    }

    /// Even in [0, 1).
    pub fn unit(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    /// Even in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even in 0..n; `n` is at least 1.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// About standard normal: the scaled sum of four even draws, within ±3.5.
    pub fn normal(&mut self) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * 3.0_f64.sqrt()
    }

    /// A point about the origin, each coordinate [`Dice::normal`].
    pub fn normal_point(&mut self) -> DVec2 {
        let x = self.normal();
        DVec2::new(x, self.normal())
    }
}

/// Smooth gradient noise of lattice size 1, about −1..1, mean 0.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    seed: u64,
    /// The noise is 0 on its lattice; without an offset of its own every noise would be 0 at the origin.
    offset: DVec2,
}

/// The four lattice gradients around a square of the lattice, kept while neighbouring points share them.
#[derive(Clone, Copy)]
pub struct Corners {
    square: (i64, i64),
    gradients: [DVec2; 4],
}

impl Noise {
    /// The noise called `kind` of a seed.
    pub fn new(seed: u64, kind: &str, index: u64) -> Self {
        let tag = kind.bytes().fold(mix(index ^ 0x5eed), |tag, byte| mix(tag ^ u64::from(byte)));
        let seed = mix(seed ^ tag);
        Self { seed, offset: DVec2::new(unit(mix(seed ^ 1)), unit(mix(seed ^ 2))) * 64.0 }
    }

    /// The value at a point.
    pub fn at(&self, point: DVec2) -> f64 {
        self.at_near(point, &mut None)
    }

    /// The same value, reusing the corners of the point before where the lattice square is the same.
    #[inline]
    pub fn at_near(&self, point: DVec2, kept: &mut Option<Corners>) -> f64 {
        let point = point + self.offset;
        let floor = point.floor();
        let square = (floor.x as i64, floor.y as i64);
        let corners = match kept {
            Some(corners) if corners.square == square => *corners,
            _ => *kept.insert(self.corners(square)),
        };
        let p = point - floor;
        let [a, b, c, d] = corners.gradients;
        let along = |g: DVec2, x: f64, y: f64| g.x * x + g.y * y;
        let (u, v) = (fade(p.x), fade(p.y));
        let top = lerp(along(a, p.x, p.y), along(b, p.x - 1.0, p.y), u);
        let low = lerp(along(c, p.x, p.y - 1.0), along(d, p.x - 1.0, p.y - 1.0), u);
        1.7 * lerp(top, low, v)
    }

    /// An even draw in [0, 1) for a lattice square: what makes one field differ from the next.
    pub fn unit_of_square(&self, x: i64, y: i64) -> f64 {
        unit(self.hash(x, y))
    }

    fn corners(&self, (x, y): (i64, i64)) -> Corners {
        let at = |x, y| {
            let hash = self.hash(x, y);
            DVec2::new(unit(hash) * 2.0 - 1.0, unit(hash << 32) * 2.0 - 1.0)
        };
        Corners { square: (x, y), gradients: [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)] }
    }

    fn hash(&self, x: i64, y: i64) -> u64 {
        let x = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let y = (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        mix(self.seed.wrapping_add(x).wrapping_add(y.rotate_left(31)))
    }
}

/// The seed of a preset's region, so that one seed does not give all presets the same hills.
pub fn seed_of(preset: &str, seed: u64) -> u64 {
    preset.bytes().fold(mix(seed), |tag, byte| mix(tag ^ u64::from(byte)))
}

/// e^x to about x²/2048 relative, by ten squarings: no library function, so the same bits everywhere.
pub fn exp(x: f64) -> f64 {
    let mut value = 1.0 + x / 1024.0;
    for _ in 0..10 {
        value *= value;
    }
    value
}

/// Cosine of an angle in degrees within ±90, to 1e-9: the power series to x¹⁴.
pub fn cos_deg(angle: f64) -> f64 {
    let x = angle * (std::f64::consts::PI / 180.0);
    let square = x * x;
    let terms = [14, 12, 10, 8, 6, 4, 2];
    terms.iter().fold(1.0, |inner, &k| 1.0 - square / f64::from(k * (k - 1)) * inner)
}

/// From `a` at 0 to `b` at 1.
pub fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// 0 below `low`, 1 above `high`, smooth between.
pub fn smooth_step(low: f64, high: f64, x: f64) -> f64 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// `value` rounded to a multiple of `step`, as `f32`: neighbouring cells then share bytes and files compress.
pub fn quantised(value: f64, steps_per_unit: f64) -> f32 {
    ((value * steps_per_unit).round() / steps_per_unit) as f32
}

fn fade(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
