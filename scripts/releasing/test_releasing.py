"""What of a release can be tested without building one: `python3 -m unittest discover -s scripts -p 'test_*.py'`."""

import tempfile
import unittest
import zipfile
from pathlib import Path

from releasing import archive, checks, licences, wheel

ROOT = Path(__file__).resolve().parents[2]


class Licences(unittest.TestCase):
    def crate(self, folder, licence, files=()):
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"text of {name}\n")
        manifest = str(folder / "Cargo.toml")
        return {"name": "x", "version": "1.0.0", "license": licence, "license_file": None, "authors": [], "manifest_path": manifest}

    def test_texts_are_those_that_are_shipped(self):
        with tempfile.TemporaryDirectory() as folder:
            files = ["LICENSE-MIT", "c/COPYING", "src/license.rs", "tests/LICENSE"]
            found = licences.of_crate(self.crate(Path(folder), "MIT/Apache-2.0", files))
        self.assertEqual([name for name, _ in found.texts], ["LICENSE-MIT", "c/COPYING"])
        self.assertEqual(found.spdx, "MIT OR Apache-2.0")

    def test_without_a_text_the_named_licence_is_given(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("LICENSE-APACHE", licences.of_crate(self.crate(Path(folder), "MIT OR Apache-2.0")).texts[0][1])
            self.assertIn("the authors of x", licences.of_crate(self.crate(Path(folder), "MIT")).texts[0][1])

    def test_what_is_not_known_is_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            for licence in [None, "", "LicenseRef-ours", "ISC"]:
                self.assertIsNone(licences.of_crate(self.crate(Path(folder), licence)), licence)

    def test_every_crate_of_the_program_has_one(self):
        found = licences.collect(ROOT, "x86_64-unknown-linux-gnu")
        self.assertGreater(len(found), 200)
        self.assertTrue(all(licence.spdx and licence.texts for licence in found))
        text = licences.text(found)
        for name in ["wgpu", "rusqlite", "zstd-sys", "Leaflet", "DejaVu Sans"]:
            self.assertIn(f"\n{name} ", text)
        # One text that many share stands once.
        self.assertLess(len(text), 1_500_000)


class Packing(unittest.TestCase):
    def test_the_same_tree_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            packed = []
            for name in ["one", "two"]:
                tree = Path(folder) / name / "clearway-1"
                for file in reversed(["bin/clearway", "README.md", "a/b.txt"]) if name == "two" else ["bin/clearway", "README.md", "a/b.txt"]:
                    (tree / file).parent.mkdir(parents=True, exist_ok=True)
                    (tree / file).write_text(file)
                packed.append(archive.pack(tree, Path(folder) / f"{name}.tar.gz", 1_700_000_000))
            checks.same_bytes(*packed)

    def test_a_wheel_is_whole_with_its_licences(self):
        with tempfile.TemporaryDirectory() as folder:
            raw, out = Path(folder) / "raw.whl", Path(folder) / "x-1.0-py3-none-any.whl"
            with zipfile.ZipFile(raw, "w") as packed:
                packed.writestr("x/__init__.py", "y = 1\n")
                packed.writestr("x-1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: x\nVersion: 1.0\n")
                packed.writestr("x-1.0.dist-info/RECORD", "stale\n")
                packed.writestr("x-1.0.dist-info/sboms/x.cyclonedx.json", '["path+file:///home/me#x", "/home/you"]')
            wheel._with_licences(ROOT, raw, out, "theirs\n", {"/home": "/h", "/home/me": "/clearway"})
            first = out.read_bytes()
            wheel._with_licences(ROOT, raw, out, "theirs\n", {"/home": "/h", "/home/me": "/clearway"})
            self.assertEqual(first, out.read_bytes())
            with zipfile.ZipFile(out) as packed:
                names = packed.namelist()
                record = packed.read("x-1.0.dist-info/RECORD").decode()
                crates = packed.read("x-1.0.dist-info/sboms/x.cyclonedx.json").decode()
        self.assertIn(f"x-1.0.dist-info/licenses/{archive.THIRD_PARTY}", names)
        self.assertEqual(sorted(line.split(",")[0] for line in record.splitlines()), sorted(names))
        self.assertNotIn("stale", record)
        self.assertEqual(crates, '["path+file:///clearway#x", "/h/you"]')


if __name__ == "__main__":
    unittest.main()
