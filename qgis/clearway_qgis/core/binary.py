"""Where the `clearway` program is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

#: Environment variable that names the program.
VARIABLE = "CLEARWAY_BIN"


class NotFound(Exception):
    """No program to call; the message says where it was looked for and how to mend it."""


def find(setting: str = "", environment=None, home: Path | None = None) -> Path:
    """The program: from the plugin's setting, else `CLEARWAY_BIN`, else PATH, else where installers put it.

    A setting or variable that names no program is an error, and nothing else is tried: another version would
    otherwise answer in its place.
    """
    environment = os.environ if environment is None else environment
    for name, value in [
        ("the setting `clearway program` (Settings, Options, Processing, Providers, Clearway)", setting),
        (f"the environment variable {VARIABLE}", environment.get(VARIABLE, "")),
    ]:
        if not value.strip():
            continue
        path = Path(value.strip()).expanduser()
        if path.is_dir():
            path = path / _file_name()
        if not is_program(path):
            raise NotFound(f"{name} says {value.strip()!r}, and no program is there: correct it, or leave it empty")
        return path
    found = shutil.which("clearway", path=environment.get("PATH", ""))
    if found:
        return Path(found)
    looked_in = usual_folders(Path.home() if home is None else home)
    for folder in looked_in:
        if is_program(folder / _file_name()):
            return folder / _file_name()
    raise NotFound(
        "the `clearway` program was not found, neither on PATH nor in "
        + ", ".join(str(folder) for folder in looked_in)
        + ": install it, or name it in Settings, Options, Processing, Providers, Clearway"
    )


def usual_folders(home: Path) -> list[Path]:
    """Where installers put programs. QGIS started from a menu often has a PATH without them."""
    folders = [home / ".cargo" / "bin", home / ".local" / "bin"]
    if sys.platform != "win32":
        folders += [Path("/usr/local/bin"), Path("/opt/homebrew/bin"), Path("/opt/clearway/bin")]
    return folders


def is_program(path: Path) -> bool:
    """Whether a file can be run."""
    return path.is_file() and os.access(path, os.X_OK)


def version(program: Path) -> str:
    """What `clearway --version` says, as `0.1.0`."""
    try:
        told = subprocess.run(
            [str(program), "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotFound(f"{program} does not run as clearway: {error}") from error
    # The lines after the first tell of features.
    words = (told.stdout.splitlines() or [""])[0].split()
    if len(words) != 2 or words[0] != "clearway":
        raise NotFound(f"{program} is no clearway: `--version` said {told.stdout.strip()!r}")
    return words[1]


def fits(program_version: str, plugin_version: str) -> bool:
    """Whether program and plugin speak of the same options: the same version up to the last number."""
    return program_version.split(".")[:2] == plugin_version.split(".")[:2]


def _file_name() -> str:
    return "clearway.exe" if sys.platform == "win32" else "clearway"
