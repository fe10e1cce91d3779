"""The guide's chapter: every fault code of the package stands in it, and none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"([a-z]{3,}\.[a-z_]{3,})"')


def codes(folder: Path, pattern: str) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob(pattern):
        found |= set(CODE.findall(path.read_text(encoding="utf-8")))
    return found - {"clearway.errors", "run.json", "plan.json", "plan.csv", "tasks.gpkg", "tasks.geojson", "plan.budget_usd"}


def test_every_code_of_the_package_is_explained() -> None:
    ours = codes(ROOT / "python" / "clearway", "*.py") | codes(ROOT / "python" / "src", "*.rs")
    library = codes(ROOT / "src", "*.rs")
    page = (ROOT / "docs" / "guide" / "src" / "python.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", page, re.MULTILINE))
    assert explained == ours - library
