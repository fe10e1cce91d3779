//! Made-up regions: what they hold, that they repeat, and that the shipped ones are what the generator makes.
mod common;

mod synth {
    mod broken;
    mod cells;
    mod files;
    mod shipped;
}
