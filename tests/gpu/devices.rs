//! Which device is taken, and what is said where none is.

use clearway::gpu::devices;
use clearway::score::{Backend, engine};

#[test]
fn devices_are_counted_from_zero() {
    for (index, device) in devices().iter().enumerate() {
        assert_eq!(device.index, index);
        assert!(!device.name.is_empty() && !device.backend.is_empty());
    }
}

#[test]
fn auto_never_takes_a_software_device() {
    let (engine, note) = engine(Backend::Auto, None).expect("there is always the native engine");
    let has_real = devices().iter().any(|device| device.kind.is_real());
    assert_eq!(engine.info().kind, if has_real { "gpu" } else { "native" }, "{note}");
    if !has_real {
        assert!(note.starts_with("engine: native, because no "), "{note}");
    }
    assert_eq!(note.lines().count(), 1);
}

#[test]
fn cpu_is_native_as_asked() {
    let (engine, note) = engine(Backend::Cpu, None).unwrap();
    assert_eq!((engine.info().kind, note.as_str()), ("native", "engine: native, as asked"));
}

#[test]
fn a_device_nobody_has_is_an_error_that_names_what_is_seen() {
    for backend in [Backend::Auto, Backend::Gpu] {
        let error = engine(backend, Some("no such device")).err().expect("refused").to_string();
        assert!(error.contains("clearway devices"), "{error}");
        for device in devices() {
            assert!(error.contains(&device.name), "{error}");
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_named_software_device_is_taken() {
    let name = std::env::var("CLEARWAY_TEST_DEVICE").unwrap_or_else(|_| "llvmpipe".into());
    let (engine, note) = match engine(Backend::Gpu, Some(&name)) {
        Ok(opened) => opened,
        Err(e) => {
            panic!("GPU tests need a Vulkan device called `{name}`: {e}; run `./test`, which installs one")
        }
    };
    assert_eq!(engine.info().kind, "gpu");
    assert!(note.contains(&name), "{note}");
    assert!(engine.largest_plane() >= 128 << 18, "the binding WebGPU promises");
    // The same device by its number.
    let index = devices()
        .iter()
        .position(|d| d.name.to_lowercase().contains(&name.to_lowercase()))
        .unwrap()
        .to_string();
    assert!(clearway::gpu::open(clearway::gpu::Choice::Named(&index)).is_ok());
}
