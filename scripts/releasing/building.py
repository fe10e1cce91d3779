"""The program, built so that no path of this machine is in it."""

import os
import re
import subprocess
from pathlib import Path


def refuse_changes(root):
    """A release is of a commit: what is not committed must not get into it."""
    told = _git(root, "status", "--porcelain")
    if told:
        raise SystemExit(f"commit first; these differ from the commit:\n{told}")


def _git(root, *words):
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()


class Build:
    """What is built, and with what."""

    def __init__(self, root, profile, folder):
        self.root, self.profile, self.folder = root, profile, folder.resolve()
        text = (root / "Cargo.toml").read_text(encoding="utf-8")
        self.version = re.search(r'^version = "([^"]+)"', text, re.MULTILINE).group(1)
        told = subprocess.run(["rustc", "-vV"], cwd=root, capture_output=True, text=True, check=True).stdout
        self.target = re.search(r"^host: (.+)$", told, re.MULTILINE).group(1)
        #: Seconds since 1970 of the commit: the age of every file.
        self.commit_time = int(_git(root, "log", "-1", "--format=%ct"))

    @property
    def binary(self):
        """The program."""
        name = "clearway.exe" if "windows" in self.target else "clearway"
        return self.folder / self.profile / name

    def machine_paths(self):
        """Paths that must not be in what is given to others, with what stands in their place."""
        home = Path.home()
        cargo = Path(os.environ.get("CARGO_HOME", home / ".cargo"))
        sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=self.root, capture_output=True, text=True, check=True)
        found = {
            str(self.folder): "/build",
            str(self.root): "/clearway",
            str(cargo): "/cargo",
            sysroot.stdout.strip(): "/rust",
        }
        # The last that fits is taken: the longest last.
        return dict(sorted(found.items(), key=lambda entry: len(entry[0])))

    def environment(self):
        """For cargo, and the C compilers that it calls."""
        rust = " ".join(f"--remap-path-prefix={path}={name}" for path, name in self.machine_paths().items())
        c = " ".join(f"-ffile-prefix-map={path}={name}" for path, name in self.machine_paths().items())
        profile = self.profile.upper()
        return {
            **os.environ,
            "CARGO_TARGET_DIR": str(self.folder),
            "RUSTFLAGS": rust,
            "CFLAGS": c,
            "CXXFLAGS": c,
            f"CARGO_PROFILE_{profile}_STRIP": "symbols",
            "CARGO_INCREMENTAL": "0",
            "SOURCE_DATE_EPOCH": str(self.commit_time),
        }

    def program(self):
        """Builds it."""
        words = ["cargo", "build", "--locked", "--profile", self.profile, "--bin", "clearway"]
        subprocess.run(words, cwd=self.root, env=self.environment(), check=True)
