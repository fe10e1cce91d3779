"""Types: the package and these tests by mypy, the stubs of the extension module against the module itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import clearway

PYTHON = Path(__file__).parents[1]


def test_package_and_tests_are_typed(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", PYTHON / "pyproject.toml", "--cache-dir", tmp_path,
         PYTHON / "clearway", PYTHON / "tests", PYTHON / "tutorial.py"],
        capture_output=True, text=True, cwd=PYTHON,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_stubs_say_what_the_module_has(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(clearway.__file__).parents[1]), "MYPY_CACHE_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "clearway._native"], capture_output=True, text=True, env=environment,
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_public_name_has_a_docstring() -> None:
    for name in clearway.__all__:
        assert name.startswith("__") or getattr(clearway, name).__doc__, name
