//! Staging, single files, hashes and scratch planes.

use std::fs;

use clearway::grid::{Tiling, UNKNOWN, Window};
use clearway::io::atomic::{Staging, write_atomic};
use clearway::io::hash::{bytes_hash, file_hash};
use clearway::io::scratch::Scratch;

use crate::common::{all, assert_cells, frame_utm};

#[test]
fn staged_files_appear_together_with_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs/hillside");
    let staging = Staging::new(&out, false).unwrap();
    for name in ["a.tif", "run.json"] {
        fs::write(staging.path(name), name).unwrap();
    }
    assert!(!out.join("a.tif").exists());
    staging.commit(&["a.tif"], "run.json").unwrap();
    let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.tif", "run.json"], "and the hidden folder is gone");
}

#[test]
fn finished_run_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.json"), "old").unwrap();
    let error = Staging::new(folder.path(), false).unwrap_err();
    let fault = &error.faults()[0];
    assert_eq!(fault.code, "out.exists");
    assert!(fault.fix.contains("--overwrite") && fault.fix.contains("--out"), "{}", fault.fix);
    let staging = Staging::new(folder.path(), true).unwrap();
    fs::write(staging.path("run.json"), "new").unwrap();
    staging.commit(&[], "run.json").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("run.json")).unwrap(), "new");
}

#[test]
fn abandoned_run_leaves_nothing_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs/hillside");
    let staging = Staging::new(&out, false).unwrap();
    fs::write(staging.path("a.tif"), "x").unwrap();
    drop(staging);
    assert!(!folder.path().join("runs").exists(), "folders it made are gone");
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/notes.txt"), "x").unwrap();
    drop(Staging::new(&folder.path().join("mine"), false).unwrap());
    assert!(folder.path().join("mine/notes.txt").exists(), "what was there stays");
}

#[test]
fn missing_output_leaves_the_old_run_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.json"), "old").unwrap();
    let staging = Staging::new(folder.path(), true).unwrap();
    fs::write(staging.path("run.json"), "new").unwrap();
    assert_eq!(staging.commit(&["a.tif"], "run.json").unwrap_err().exit_code(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("run.json")).unwrap(), "old");
}

#[test]
fn output_folder_that_is_a_file_is_an_io_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, "").unwrap();
    assert_eq!(Staging::new(&path, false).unwrap_err().exit_code(), 1);
}

#[test]
fn single_file_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    write_atomic(&path, b"one").unwrap();
    write_atomic(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(write_atomic(&folder.path().join("no/a.json"), b"").unwrap_err().exit_code(), 1);
}

#[cfg(unix)]
#[test]
fn results_have_ordinary_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    write_atomic(&path, b"x").unwrap();
    let beside = folder.path().join("b.json");
    fs::write(&beside, b"x").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&beside));
}

#[test]
fn hashes_match_the_published_example() {
    // FIPS 180-4, example for "abc".
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(bytes_hash(b"abc"), expected);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    fs::write(&path, "abc").unwrap();
    let hash = file_hash(&path).unwrap();
    assert_eq!((hash.sha256.as_str(), hash.bytes), (expected, 3));
    let long = vec![7; 1_000_003];
    fs::write(&path, &long).unwrap();
    assert_eq!(file_hash(&path).unwrap().sha256, bytes_hash(&long));
    assert_eq!(file_hash(&folder.path().join("no")).unwrap_err().exit_code(), 1);
}

#[test]
fn scratch_planes_are_the_same_in_memory_and_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let frame = frame_utm(5, 4, 10.0);
    for budget in [0, 1 << 20] {
        let plane = Scratch::new(folder.path(), budget).plane(&frame).unwrap();
        assert_cells(&all(&*plane), &[UNKNOWN; 20], 5, 0.0, 0.0);
        plane.write(Window::new(1, 1, 3, 2), &[1.0, -2.5, UNKNOWN, 0.0, 5.0, 6.0]).unwrap();
        let read = plane.read_vec(Window::new(-1, 1, 5, 4)).unwrap();
        #[rustfmt::skip]
        let expected = [
            UNKNOWN, UNKNOWN, 1.0, -2.5, UNKNOWN,
            UNKNOWN, UNKNOWN, 0.0, 5.0, 6.0,
            UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
            UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
        ];
        assert_cells(&read, &expected, 5, 0.0, 0.0);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "files have no name");
}

#[test]
fn wide_scratch_planes_are_the_same_in_memory_and_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let frame = frame_utm(2500, 150, 10.0);
    let planes = [0, 1 << 30].map(|budget| Scratch::new(folder.path(), budget).plane(&frame).unwrap());
    // Tiles of a pass, then windows that begin and end within strips and hold whole ones.
    let tiling = Tiling::new(&frame, 1024);
    let windows = tiling.tiles().chain([
        Window::new(1000, 3, 1100, 20),
        Window::new(1024, 40, 1024, 1),
        Window::new(2048, 149, 452, 1),
        Window::new(2499, 0, 1, 150),
        Window::new(0, 70, 2500, 30),
    ]);
    for (number, window) in windows.enumerate() {
        let value =
            |i: usize| if i.is_multiple_of(11) { UNKNOWN } else { (number * 1_000_003 + i) as f32 * 0.5 };
        let values: Vec<f32> = (0..window.len()).map(value).collect();
        for plane in &planes {
            plane.write(window, &values).unwrap();
        }
        for window in [window, frame.window(), Window::new(-7, -5, 3000, 200), Window::new(1020, 1, 8, 149)] {
            let [on_disk, in_memory] = [0, 1].map(|i| planes[i].read_vec(window).unwrap());
            assert_cells(&on_disk, &in_memory, window.n_cols, 0.0, 0.0);
        }
    }
}

#[test]
fn scratch_budget_is_given_back() {
    let frame = frame_utm(5, 4, 10.0);
    // Room for one plane of 80 bytes; a second one needs the folder, which does not exist.
    let scratch = Scratch::new(std::path::Path::new("/nonexistent"), 100);
    let first = scratch.plane(&frame).unwrap();
    assert_eq!(scratch.plane(&frame).err().unwrap().exit_code(), 1);
    drop(first);
    assert!(scratch.plane(&frame).is_ok());
}
