"""A score as a graph of Dask: a task for each part and round, a sum of counts between two rounds.

The graph is plain and fixed (`clearway::run::parts` names the rounds beforehand), so any scheduler of Dask can run it,
and repeat any of its tasks: a task reads nothing but its arguments and files, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import _native

BLOCK = 512
"""Parts begin and end at multiples of so many cells, so that sums of layers have one order."""

AT_ONCE = 16
"""Counts of so many parts are added up in one task."""

COUNTS = "counts"
"""The name of a part's counts among its planes."""

Part = tuple[int, int, int, int]
"""First row, first column, rows, columns."""

Key = tuple[Any, ...]
Graph = dict[Any, Any]


class Totals(NamedTuple):
    """What all parts have counted in the rounds so far."""

    known: bytes
    """The counts."""
    steps: dict[str, list[str]]
    """The steps that are next, by the round that walks them."""
    summary: dict[str, Any] | None
    """What was found, once nothing is left."""


NOTHING = Totals(b"", {"exposure": ["exposure"]}, None)
"""Before the first round."""


class Piece(NamedTuple):
    """An array as one part needs it."""

    name: str
    """The layer."""
    nodata: float | None
    """The number that means unknown, beside NaN."""
    place: tuple[int, int]
    """Row and column of its first cell in the whole grid."""


class Layer(NamedTuple):
    """A layer as parts need it."""

    nodata: float | None
    keys: Mapping[tuple[int, int], Key]
    """The array of each part, by the part's place among parts."""
    places: Mapping[tuple[int, int], tuple[int, int]]
    """Where its first cell lies."""


def given(value: Any) -> Any:
    """The value: a task, so that nothing in it is taken for a key."""
    return value


def aligned(array: Any) -> Any:
    """The array as NumPy's, copied where it does not begin at a multiple of its items' size: one that came over a network
    may begin anywhere, and the library reads in place.
    """
    return np.require(array, requirements="A")


def walk(
    name: str, part: Part, wanted: list[str], pieces: list[Piece], plane_names: list[str],
    job: dict[str, Any], arrays: list[Any], planes: list[Any], totals: Totals,
) -> dict[str, Any]:
    """One part's share of one round: planes, and under `COUNTS` what was counted. Nothing where the round has no steps."""
    steps = totals.steps.get(name)
    if not steps:
        return {}
    layers = [(piece.name, aligned(array), piece.nodata, piece.place) for piece, array in zip(pieces, arrays)]
    held: list[tuple[str, Any, float | None, tuple[int, int]]] = [
        (plane, aligned(array), None, part[:2]) for plane, array in zip(plane_names, planes)
    ]
    made, counted = _native.walk_part(job, part, steps, layers, held, wanted, totals.known)
    return {**made, COUNTS: counted}


def taken(name: str, made: dict[str, Any], counts: bytes | None = None) -> Any:
    """One of what a part has made; ``None`` where it has not: what is wrong with the layers is told with the totals."""
    return made.get(name)


def checked(plane: Any, totals: Totals) -> Any:
    """A plane whose layers were found to be right in all parts."""
    return plane


def added(counts: list[bytes | None]) -> bytes | None:
    """Counts of several parts as one."""
    found = [each for each in counts if each]
    return _native.add_counts(found) if len(found) > 1 else next(iter(found), None)


def totalled(job: dict[str, Any], before: Totals, counts: bytes | None) -> Totals:
    """What is known after a round."""
    if counts is None:
        return before
    known, told = _native.after_parts(job, _native.add_counts([before.known, counts]) if before.known else counts)
    found = json.loads(told)
    return Totals(known, found["steps"], found["summary"])


def found(totals: Totals) -> dict[str, Any] | None:
    """The summary."""
    return totals.summary


def snapped(sizes: Sequence[int]) -> tuple[int, ...]:
    """Sizes of parts: those of chunks, with their ends moved to the nearest multiple of `BLOCK`."""
    total = sum(sizes)
    ends = {min(total, max(BLOCK, BLOCK * round(end / BLOCK))) for end in np.cumsum(sizes)[:-1].tolist()}
    edges = [0, *sorted(ends | {total})]
    return tuple(end - start for start, end in zip(edges, edges[1:]))


def parts_of(rows: Sequence[int], cols: Sequence[int]) -> Iterator[tuple[tuple[int, int], Part]]:
    """Parts by their place among parts."""
    row_starts, col_starts = (np.cumsum([0, *sizes]).tolist() for sizes in (rows, cols))
    for i, n_rows in enumerate(rows):
        for j, n_cols in enumerate(cols):
            yield (i, j), (row_starts[i], col_starts[j], n_rows, n_cols)


class ScoreGraph:
    """The tasks of a score: `tasks` without those that make the layers' arrays."""

    def __init__(
        self, job: dict[str, Any], layout: dict[str, Any], parts: Mapping[tuple[int, int], Part],
        layers: Mapping[str, Layer], planes: Sequence[str], token: str,
    ) -> None:
        self.token = token
        self.tasks: Graph = {
            self._key("job"): (partial(given, job),),
            self._key("totals", "none"): (partial(given, NOTHING),),
        }
        self._parts = parts
        self._layers = layers
        last = self._key("totals", "none")
        rounds = layout["rounds"]
        needed = set(planes) | {name for each in rounds for name in each["reads"]}
        self.planes: dict[str, dict[tuple[int, int], Key]] = {}
        for number, each in enumerate(rounds):
            wanted = [name for name in each["makes"] if name in needed]
            for place in parts:
                self._walk(each, place, wanted, last)
            last = self._total(each["name"], last)
            if number == 0:
                # Faults of the layers are told with the first totals: what came before them must wait for it.
                first = last
                self.first_planes = set(wanted)
        self.after_first, self.last = first, last

    def _key(self, *words: Any) -> Key:
        return (f"clearway-{words[0]}-{self.token}", *words[1:])

    def _walk(self, each: dict[str, Any], place: tuple[int, int], wanted: list[str], totals: Key) -> None:
        held = [(name, self._layers[name]) for name in each["layers"]]
        pieces = [Piece(name, layer.nodata, layer.places[place]) for name, layer in held]
        arrays = [layer.keys[place] for _, layer in held]
        planes = [self.planes[name][place] for name in each["reads"]]
        key = self._key("walk", each["name"], *place)
        said = partial(walk, each["name"], self._parts[place], wanted, pieces, list(each["reads"]))
        self.tasks[key] = (said, self._key("job"), arrays, planes, totals)
        counts = self._key("taken", COUNTS, each["name"], *place)
        self.tasks[counts] = (partial(taken, COUNTS), key)
        for name in wanted:
            # With the counts beside it, so that a walk has two successors in every part of the graph: were it fused with
            # one plane, it would be walked again for another, or for the summary.
            plane = self._key("taken", name, each["name"], *place)
            self.tasks[plane] = (partial(taken, name), key, counts)
            self.planes.setdefault(name, {})[place] = plane

    def _total(self, name: str, before: Key) -> Key:
        counts = [self._key("taken", COUNTS, name, *place) for place in self._parts]
        level = 0
        while len(counts) > 1:
            groups = [counts[start:start + AT_ONCE] for start in range(0, len(counts), AT_ONCE)]
            counts = []
            for number, group in enumerate(groups):
                key = self._key("added", name, level, number)
                self.tasks[key] = (added, group)
                counts.append(key)
            level += 1
        key = self._key("totals", name)
        self.tasks[key] = (totalled, self._key("job"), before, counts[0])
        return key
