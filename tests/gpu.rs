//! Shaders and devices: layouts, limits, translations and choices, without running a stage.

mod gpu {
    mod devices;
    mod shaders;
}
