# Functions of the library, for the package's own modules. What is structured crosses over as JSON text.
from collections.abc import Callable, Sequence
from typing import Any

__all__ = [
    "VERSION", "add_counts", "after_parts", "batch", "batch_check", "batch_names", "batch_some", "check", "explain", "open",
    "part_layout", "part_sources", "plan", "run_project", "score", "synth", "tasks", "verify", "walk_part",
]

VERSION: str

_Callback = Callable[[str, int, int, str | None], object] | None

def plan(
    problem: str, seed: int, seconds: float | None, iterations: int | None, threads: int, callback: _Callback
) -> str: ...
def open(project: str, overrides: list[str]) -> str: ...
def run_project(
    command: str, project: str, options: dict[str, Any], tasks_of: str | None, callback: _Callback
) -> str: ...
def batch(project: str, scenarios: str, options: dict[str, Any], callback: _Callback) -> str: ...
def batch_names(project: str, scenarios: str, options: dict[str, Any]) -> tuple[list[str], str]: ...
def batch_check(project: str, scenarios: str, options: dict[str, Any]) -> None: ...
def batch_some(project: str, scenarios: str, numbers: list[int], options: dict[str, Any]) -> None: ...
def check(project: str, overrides: list[str], callback: _Callback) -> str: ...
def verify(run_dir: str) -> str: ...
def explain(run_dir: str, at: tuple[float, float], is_lonlat: bool, task: str | None) -> str: ...
def synth(
    out: str, preset: str, size: int, seed: int, compress: str, callback: _Callback
) -> str: ...

_Frame = tuple[str, tuple[float, float, float, float, float, float], tuple[int, int]]
_Layers = list[tuple[str, Any, float | None]]

def score(
    grid: _Frame,
    layers: _Layers,
    settings: str,
    folder: str,
    planes: list[str],
    backend_name: str,
    device: str | None,
    memory_bytes: int,
    callback: _Callback,
) -> tuple[dict[str, Any], str]: ...
def tasks(
    grid: _Frame,
    planes: _Layers,
    areas: dict[str, Any] | None,
    settings: dict[str, Any],
    callback: _Callback,
) -> tuple[list[bytes], str, list[str]]: ...

_Part = Sequence[int]
_PlacedArrays = list[tuple[str, Any, float | None, tuple[int, int]]]

def part_layout(job: dict[str, Any]) -> str: ...
def part_sources(job: dict[str, Any], parts: Sequence[_Part]) -> list[list[int]]: ...
def walk_part(
    job: dict[str, Any],
    part: _Part,
    steps: list[str],
    layers: _PlacedArrays,
    planes: _PlacedArrays,
    wanted: list[str],
    known: bytes,
) -> tuple[dict[str, Any], bytes]: ...
def add_counts(parts: list[bytes]) -> bytes: ...
def after_parts(job: dict[str, Any], known: bytes) -> tuple[bytes, str]: ...
