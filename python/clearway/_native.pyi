# Functions of the library, for the package's own modules. What is structured crosses over as JSON text.
from collections.abc import Callable
from typing import Any

__all__ = [
    "VERSION", "batch", "check", "explain", "open", "plan", "run_project", "score", "synth", "tasks", "verify",
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
