"""What is in the archive, and the archive itself: the same bytes from the same commit."""

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from . import licences

#: Lists every file of the archive with its SHA-256.
LISTED = "FILES.sha256"
#: Completions, by the shell's name, where its system looks for them under a prefix.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/clearway",
    "zsh": "share/zsh/site-functions/_clearway",
    "fish": "share/fish/vendor_completions.d/clearway.fish",
    "powershell": "share/powershell/clearway.ps1",
}
THIRD_PARTY = "THIRD-PARTY-LICENSES.txt"


class Tree:
    """The folder that is packed."""

    def __init__(self, root, build, found):
        self._root, self._build, self._found = root, build, found

    def make(self, folder):
        """Makes it anew."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        binary = folder / "bin" / self._build.binary.name
        shutil.copy(self._build.binary, binary)
        self._documents(folder)
        self._by_the_program(folder, binary)
        subprocess.run([str(self._root / "scripts" / "qgis-plugin"), str(folder / "qgis")], check=True, capture_output=True)
        (folder / THIRD_PARTY).write_text(licences.text(self._found), encoding="utf-8", newline="\n")
        self._list(folder)
        return folder

    def _documents(self, folder):
        """README, guide, examples: only what git knows."""
        words = ["git", "-C", str(self._root), "ls-files", "-z", "--", "docs", "grids", "*.md", "LICENSE-*"]
        told = subprocess.run(words, capture_output=True, check=True).stdout.decode()
        for name in filter(None, told.split("\0")):
            # Read-me files of folders that are not in the archive.
            if "/" in name and name.split("/")[0] not in ("docs", "grids"):
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._root / name, folder / name)

    def _by_the_program(self, folder, binary):
        """Manual pages and completions."""
        clean = {**os.environ, "NO_COLOR": "1"}
        subprocess.run([str(binary), "man", "--out", str(folder / "share/man/man1")], check=True, capture_output=True, env=clean)
        for shell, place in COMPLETIONS.items():
            script = subprocess.run([str(binary), "completions", shell], check=True, capture_output=True, env=clean).stdout
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(script)

    def _list(self, folder):
        lines = [f"{sha256(path)}  {name}\n" for name, path in files(folder)]
        (folder / LISTED).write_text("".join(lines), encoding="utf-8", newline="\n")


def files(folder):
    """Every file below a folder, by its name there, in order."""
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()]
    return sorted(found)


def pack(tree, out, time):
    """A tar whose bytes depend on names, contents and `time` alone."""
    beside = out.with_name(f"{out.name}.part")
    with open(beside, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for name, path in files(tree):
                entry = tarfile.TarInfo(f"{tree.name}/{name}")
                entry.size, entry.mtime = path.stat().st_size, time
                entry.mode = 0o755 if name.startswith("bin/") else 0o644
                with open(path, "rb") as file:
                    tar.addfile(entry, file)
    beside.replace(out)
    return out


def sha256(path):
    """In hex."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def write_sums(path, all_files):
    """For `sha256sum -c`."""
    path.write_text("".join(f"{sha256(file)}  {file.name}\n" for file in all_files), encoding="utf-8", newline="\n")
    return path
