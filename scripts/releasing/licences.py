"""Licences of every crate in the program, and of what is vendored; one that is missing is an error."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"^(licen[cs]e|copying|unlicense|notice|copyright)", re.IGNORECASE)
#: Not read: these hold samples and tests of licence texts, if anything.
SKIPPED = {"tests", "test", "examples", "benches", "target", "fuzz", "testdata"}
#: Vendored in our own sources: name, version, licence, file of its text.
VENDORED = [
    ("Leaflet (report.html)", "1.9.4", "BSD-2-Clause", "src/report/html/vendor/LICENSE-leaflet"),
    ("DejaVu Sans (map.png)", "2.37", "Bitstream-Vera AND public domain", "src/report/map/fonts/LICENSE"),
]
MIT = """Copyright (c) {authors}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass
class Licence:
    """What one crate or library is under."""

    name: str
    version: str
    spdx: str
    #: (name of the file, its text)
    texts: list


def crates(root, target, manifest=None):
    """The packages that end up in the program: reached from ours by dependencies that are neither for tests nor for
    build scripts."""
    words = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    words += ["--manifest-path", str(manifest)] if manifest else []
    told = json.loads(subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout)
    packages = {package["id"]: package for package in told["packages"]}
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    ours = {package["id"] for package in told["packages"] if package["source"] is None}
    first = told["resolve"]["root"] or next(iter(ours))
    reached, waiting = set(), [first]
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        for dependency in nodes[at]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [packages[at] for at in sorted(reached) if at not in ours]


def collect(root, target, manifest=None):
    """All licences, in the order of their names."""
    found, missing = [], []
    for package in crates(root, target, manifest):
        licence = of_crate(package)
        (missing if licence is None else found).append(licence or f"{package['name']} {package['version']}")
    if missing:
        raise SystemExit("no licence is named or shipped by: " + ", ".join(missing))
    for name, version, spdx, file in VENDORED:
        found.append(Licence(name, version, spdx, [(Path(file).name, (root / file).read_text(encoding="utf-8"))]))
    return sorted(found, key=lambda licence: (licence.name.lower(), licence.version))


def of_crate(package):
    """A crate's licence; `None` where nothing is known."""
    folder = Path(package["manifest_path"]).parent
    texts = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        is_text = NAME.match(path.name) and path.suffix.lower() not in {".rs", ".py", ".html"}
        if is_text and path.is_file() and not SKIPPED & set(inside.parts[:-1]):
            texts.append((inside.as_posix(), path.read_text(encoding="utf-8", errors="replace")))
    spdx = (package["license"] or "").replace("/", " OR ")
    if not texts:
        texts = standard(spdx, package)
    if not spdx and package.get("license_file"):
        spdx = f"see {package['license_file']}"
    return Licence(package["name"], package["version"], spdx, texts) if spdx and texts is not None else None


def standard(spdx, package):
    """The text for a crate that names its licence and ships none; `None` where we have none to give."""
    choices = {choice.strip("() ") for choice in spdx.split(" OR ")}
    if "Apache-2.0" in choices:
        return [("taken under Apache-2.0", "The text stands in LICENSE-APACHE beside this file.\n")]
    if "MIT" in choices:
        authors = ", ".join(package.get("authors") or []) or f"the authors of {package['name']}"
        return [("taken under MIT", MIT.format(authors=authors))]
    return None


def text(found):
    """One text with all of them; a text that several share stands once."""
    lines = [
        "Licences of what is inside Clearway",
        "===================================",
        "",
        "Clearway itself is under the MIT licence or the Apache License 2.0, at your option: LICENSE-MIT, LICENSE-APACHE.",
        "The Rust standard library is under the same two. SQLite is in the public domain.",
        "",
    ]
    lines += [f"{licence.name} {licence.version}: {licence.spdx}" for licence in found]
    by_text = {}
    for licence in found:
        for name, words in licence.texts:
            key = "\n".join(line.rstrip() for line in words.replace("\r\n", "\n").strip().split("\n"))
            by_text.setdefault(key, []).append(f"{licence.name} {licence.version}: {name}")
    for words, names in by_text.items():
        lines += ["", "-" * 100, *names, "-" * 100, "", words]
    return "\n".join(lines) + "\n"
