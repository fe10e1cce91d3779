//! The colours every output shares: they must carry their meaning in grey and to colour-blind readers.

use clearway::report::colours::{Rgb, class, rank, strength, team};

/// Linear sRGB of a colour as normal vision, deuteranopia and protanopia see it (Machado, Oliveira & Fernandes 2009).
fn seen(colour: Rgb) -> [[f64; 3]; 3] {
    let linear = [colour.r, colour.g, colour.b].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let with = |m: [[f64; 3]; 3]| {
        m.map(|row| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
    };
    [
        linear,
        with([
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]),
        with([
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]),
    ]
}

/// CIE 1976 L*a*b* of linear sRGB under D65.
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let f = |t: f64| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
    let x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    let y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    let z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (lab(a), lab(b));
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[test]
fn lightness_is_that_of_known_colours() {
    assert_eq!(Rgb::new(0, 0, 0).lightness(), 0.0);
    assert!((Rgb::new(255, 255, 255).lightness() - 100.0).abs() < 1e-3);
    // sRGB's middle grey #777777 has L* 50.03.
    assert!((Rgb::new(0x77, 0x77, 0x77).lightness() - 50.03).abs() < 0.01);
}

#[test]
fn ramp_darkens_steadily_towards_the_first() {
    let light: Vec<f64> = (0..=100).map(|r| rank(f64::from(r)).lightness()).collect();
    assert!(light.windows(2).all(|pair| pair[1] < pair[0]), "{light:?}");
    // Even steps in grey: no tenth of the ramp takes less than half or more than twice its share.
    let span = light[0] - light[100];
    assert!(span > 80.0, "{span}");
    for tenth in (0..100).step_by(10) {
        let step = light[tenth] - light[tenth + 10];
        assert!((0.05..0.2).contains(&(step / span)), "{tenth}: {step} of {span}");
    }
    assert_eq!(rank(250.0), rank(100.0));
    assert_eq!(strength(f64::NAN), rank(0.0));
}

#[test]
fn classes_differ_in_grey_and_unscored_has_none() {
    for n in 2..=6 {
        let light: Vec<f64> = (1..=n).map(|c| class(c, n).unwrap().lightness()).collect();
        assert!(light.windows(2).all(|pair| pair[1] - pair[0] > 10.0), "{n} classes: {light:?}");
        assert!(light[usize::from(n) - 1] < 95.0, "the last class differs from paper");
    }
    assert_eq!(class(1, 1), Some(rank(100.0)));
    assert_eq!(class(0, 4), None);
    assert_eq!(class(5, 4), None);
}

#[test]
fn teams_stay_apart_for_colour_blind_readers_and_never_share_a_stroke() {
    for i in 0..12 {
        for j in 0..i {
            let (a, b) = (seen(team(i).colour), seen(team(j).colour));
            let least = a.iter().zip(b).map(|(a, b)| apart(*a, b)).fold(f64::INFINITY, f64::min);
            assert!(least > 25.0, "teams {i} and {j} are {least} apart");
        }
    }
    for i in 0..48 {
        for j in 0..i {
            assert_ne!(team(i), team(j), "{i} and {j}");
        }
    }
}
