"""The plugin as it is shipped: its zip, its version, its words, and that every file compiles."""

import ast
import configparser
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "qgis" / "clearway_qgis"


def build(folder):
    """The zip, built into a folder."""
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "qgis-plugin"), folder], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


class Shipped(unittest.TestCase):
    def test_zip_holds_the_plugin_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            path = build(one)
            self.assertEqual(path.read_bytes(), build(two).read_bytes(), "the same bytes twice")
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        self.assertEqual(names, sorted(names))
        for name in ["__init__.py", "metadata.txt", "LICENSE", "LICENSE-APACHE", "icon.png", "icon.svg", "core/runner.py"]:
            self.assertIn(f"clearway_qgis/{name}", names)
        self.assertTrue(all(name.startswith("clearway_qgis/") and "__pycache__" not in name for name in names), names)

    def test_version_is_the_programs(self):
        cargo = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE).group(1)
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(PLUGIN / "metadata.txt", encoding="utf-8")
        general = parser["general"]
        self.assertEqual(general["version"], cargo)
        self.assertEqual((general["hasprocessingprovider"], general["qgisminimumversion"]), ("yes", "3.22"))
        for key in ["name", "description", "about", "author", "license", "icon"]:
            self.assertTrue(general[key].strip(), key)
        self.assertTrue((PLUGIN / general["icon"]).is_file())


class Sources(unittest.TestCase):
    FILES = sorted(PLUGIN.rglob("*.py"))

    def test_everything_compiles_for_the_oldest_python(self):
        self.assertGreater(len(self.FILES), 15)
        for path in [*self.FILES, ROOT / "scripts" / "qgis-plugin"]:
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))

    def test_core_imports_nothing_of_qgis(self):
        for path in (PLUGIN / "core").glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                wrong = [name for name in names if name.split(".")[0] in ("qgis", "processing", "PyQt5", "PyQt6", "osgeo")]
                self.assertEqual(wrong, [], path)

    def test_qt_comes_by_way_of_qgis(self):
        for path in self.FILES:
            self.assertNotRegex(path.read_text(encoding="utf-8"), r"PyQt[56]", str(path))

    def test_nothing_that_is_said_calls_ground_safe(self):
        for path in self.FILES:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    self.assertNotRegex(node.value.lower(), r"\b(safe|cleared|mine-free|hazard-free)\b", str(path))

    def test_every_setting_of_an_algorithm_has_a_help_text_and_its_unit(self):
        # `p.kind(name, label, text, …)`: a number's label names its unit in brackets, or is a weight.
        for path in (PLUGIN / "algorithms").glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                if not is_call or getattr(node.func.value, "id", "") != "p" or node.func.attr == "helped":
                    continue
                label = node.args[1]
                if node.func.attr == "number" and isinstance(label, ast.Constant):
                    self.assertRegex(label.value, r"\(.+\)|^Weight", f"{path}: {label.value}")
                self.assertGreaterEqual(len(node.args), 3, f"{path}:{node.lineno}")


if __name__ == "__main__":
    unittest.main()
