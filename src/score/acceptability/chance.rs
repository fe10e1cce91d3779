//! Chance for cells: a hash of (seed, place, sample), and 4096 equally likely values of a standard normal.
//!
//! A cell's draw depends on nothing but the seed, its column and row in the whole grid (or those of its block) and
//! the sample, so any tile, thread or device draws the same. Integers only: + and × modulo 2^32, ^ and >>. The
//! normal takes 12 bits of the hash: the means of 4096 slices of equal probability, scaled to variance 1. Its
//! largest value is 3.68. Twin: `shaders/acceptability.wgsl`.

/// Equally likely values of a draw.
pub const N_NORMALS: usize = 4096;

/// Spreads 32 bits over 32 bits, one to one (the constants are Chris Wellons' `lowbias32`).
#[inline(always)]
pub fn mix(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Two words of a place.
#[inline(always)]
pub fn place_words(seeds: [u32; 2], col: u32, row: u32) -> [u32; 2] {
    [mix(mix(row ^ seeds[0]).wrapping_add(col)), mix(mix(col ^ seeds[1]).wrapping_add(row))]
}

/// The draw of a place in a sample with this key.
#[inline(always)]
pub fn draw(place: [u32; 2], key: u32) -> u32 {
    let x = (place[0] ^ key).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_add(place[1]).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Which of the 4096 values hazard takes.
#[inline(always)]
pub fn hazard_index(draw: u32) -> usize {
    (draw >> 20) as usize
}

/// Which of them cost takes.
#[inline(always)]
pub fn cost_index(draw: u32) -> usize {
    ((draw >> 8) & 0xfff) as usize
}

/// Two words of a seed.
pub fn seed_words(seed: u64) -> [u32; 2] {
    let (low, high) = (seed as u32, (seed >> 32) as u32);
    let first = mix(mix(low).wrapping_add(high ^ 0x9e37_79b9));
    [first, mix(first ^ 0x85eb_ca6b)]
}

/// The key of a sample.
pub fn sample_key(seeds: [u32; 2], sample: u32) -> u32 {
    mix(mix(sample.wrapping_add(seeds[1])) ^ seeds[0])
}

/// The values of a standard normal, rising, with mean 0 and variance 1.
pub fn normals() -> Vec<f64> {
    let n = N_NORMALS as f64;
    let density = |z: f64| (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    // Density at the lower end of each slice; the mean of a slice is n times its fall over the slice.
    let ends: Vec<f64> = (0..=N_NORMALS)
        .map(|k| if k == 0 || k == N_NORMALS { 0.0 } else { density(quantile(k as f64 / n)) })
        .collect();
    let means: Vec<f64> = ends.windows(2).map(|pair| n * (pair[0] - pair[1])).collect();
    let variance = means.iter().map(|z| z * z).sum::<f64>() / n;
    means.iter().map(|z| z / variance.sqrt()).collect()
}

/// z with Φ(z) = p, by bisection of Φ: made once, so exact before fast.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if cumulative(middle) < p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Φ(z) by its series about 0 (good to 1e-12 for |z| < 6).
fn cumulative(z: f64) -> f64 {
    let (mut term, mut sum) = (z, z);
    let mut k = 1.0;
    while term.abs() > 1e-17 {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    0.5 + sum * (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}
