//! Layers: units, resampling, surveys, and the faults they lead to.

mod common;

mod layers {
    mod faults;
    mod on_frame;
    mod ranges;
    mod survey;
    mod warp;
}
