//! Scores: every stage on every engine against plain textbook versions (`f64`) and hand-worked numbers.
//!
//! The GPU engine runs on the device whose name holds `CLEARWAY_TEST_DEVICE` (default `llvmpipe`, the software
//! Vulkan driver that `./test` installs). A software device must give the native engine's bits. Real hardware
//! may fuse a multiplication with an addition and divide to 2.5 units in the last place: there planes must
//! agree to 4e-6 of their largest value (values from tables and products to 1e-5), and ranks to 0.01 of a point
//! against the exact mid-rank of the device's own priorities.

mod common;

mod score {
    pub mod harness;
    pub mod shapes;

    mod acceptability;
    mod acceptability_ordered;
    mod benefit;
    mod contribution;
    mod count;
    mod curve;
    mod draws;
    mod edge;
    mod exposure;
    mod failure;
    mod forms;
    mod gates;
    mod hazard;
    mod kernels;
    mod ordered;
    mod pipeline;
    mod priority;
    mod proximity;
    mod proximity_raster;
    mod quantile;
    mod rank;
    mod recipe;
    mod steps;
    #[cfg(feature = "gpu")]
    mod survival;
    mod value;
    mod worth;
}
