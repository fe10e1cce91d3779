"""A project file made of layers that were chosen, so that nobody has to write TOML."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import toml

#: First line of every project file written here; a file without it is somebody's own and is not written over.
MARK = "# Written by Clearway's plugin for QGIS from the layers that were chosen."


@dataclass
class Raster:
    """A raster layer."""

    path: str
    unit: str | None = None
    scale: float | None = None
    resample: str | None = None

    def table(self) -> str:
        """As it stands under [layers]."""
        return toml.inline({"path": self.path, "unit": self.unit, "scale": self.scale, "resample": self.resample})


@dataclass
class Vector:
    """A file of features, or a table."""

    path: str
    table_name: str | None = None
    crs: str | None = None

    def entries(self) -> dict:
        """What is said of the file."""
        return {"path": self.path, "table": self.table_name, "crs": self.crs}

    def table(self, **more) -> str:
        """As an inline table, with further keys."""
        return toml.inline({**self.entries(), **more})


@dataclass
class Criterion:
    """A further criterion: a layer, and where its worth is 0 and 1."""

    name: str
    layer: Raster | Vector
    weight: float
    worth_0_at: float
    worth_1_at: float


@dataclass
class Grow:
    """Task areas grown from the priority grid."""

    min_rank: float = 90
    min_area_m2: float = 5000
    max_area_m2: float = 100_000


@dataclass
class Plan:
    """How teams are planned."""

    start: str
    teams: Vector
    years: float = 3
    discount_percent: float = 3
    budget_usd: float | None = None
    objective: str = "discounted"
    seconds: float = 30
    settlements: Vector | None = None
    districts: Vector | None = None
    district_name: str | None = None


@dataclass
class Project:
    """All that is written. Either `hazard`, or `areas` or `accidents` of which it is built, must be there."""

    name: str
    population: Raster
    hazard: Raster | None = None
    areas: Vector | None = None
    area_id: str | None = None
    classification: str | None = None
    #: Values of the column `classification`.
    classes_found: list[str] = field(default_factory=list)
    accidents: Vector | None = None
    prior_suspected: float = 0.05
    prior_confirmed: float = 0.9
    prior_elsewhere: float = 0.001
    cost: Raster | None = None
    cost_usd_per_m2: float = 2.0
    roads: Vector | None = None
    roads_far_m: float = 5000
    roads_weight: float = 1
    people_weight: float = 3
    reach_m: float = 1000
    priority_by: str = "benefit_per_cost"
    class_percents: list[float] = field(default_factory=lambda: [5, 15, 40])
    criteria: list[Criterion] = field(default_factory=list)
    difficulty: Raster | None = None
    #: Whether task areas are outlined: the recorded areas, or grown ones.
    has_tasks: bool = False
    grow: Grow | None = None
    plan: Plan | None = None
    seed: int = 1

    def problems(self) -> list[str]:
        """What is missing or contradicts itself, in words; the program judges all else."""
        told = []
        if self.hazard is None and self.areas is None and self.accidents is None:
            told.append("choose a hazard raster, or hazardous areas or accidents from which the hazard is built")
        if self.has_tasks and self.grow is None and self.areas is None:
            told.append("choose the hazardous areas that are the tasks, or let task areas be grown from the grid")
        if self.people_weight <= 0 and not self.criteria and (self.roads is None or self.roads_weight <= 0):
            told.append("at least one criterion needs a weight above 0")
        names = [name.casefold() for name in ["people", "road access", *(c.name for c in self.criteria)]]
        if len(set(names)) < len(names):
            told.append("two criteria have one name: give each layer a name of its own (`people` and `road access` are taken)")
        return told

    def text(self) -> str:
        """The project file."""
        if self.problems():
            raise ValueError("; ".join(self.problems()))
        parts = [self._head(), self._layers(), self._hazard(), self._score(), self._tasks(), self._plan()]
        return "\n".join(part for part in parts if part)

    def _head(self) -> str:
        return (
            f"{MARK}\n"
            "# `clearway check` tells every fault of this file and of the layers, and what is odd about them.\n\n"
            f"[project]\nname = {toml.text(self.name)}\nseed = {self.seed}\n"
        )

    def _layers(self) -> str:
        lines = ["[layers]"]
        if self.hazard is not None:
            lines += ["# Probability that the ground in a cell is contaminated, 0 to 1. Its cells are the frame.",
                      f"hazard = {self.hazard.table()}"]
        else:
            lines.append("# The layer `hazard` is built, see [hazard]; the cells of `population` are the frame.")
        lines.append(f"population = {self.population.table()}")
        if self.cost is not None:
            lines.append(f"cost = {self.cost.table()}")
        else:
            lines.append(f"cost = {toml.inline({'constant': self.cost_usd_per_m2, 'unit': 'usd_per_m2'})}")
        if self.roads is not None:
            lines.append(f"roads = {self.roads.table()}")
        if self.difficulty is not None:
            lines += ["# How many times longer the work takes than on flat open ground, 1 or more.",
                      f"difficulty = {self.difficulty.table()}"]
        lines += [f"{self._key(i)} = {c.layer.table()}   # {toml.comment(c.name)}" for i, c in enumerate(self.criteria)]
        return "\n".join(lines) + "\n"

    def _hazard(self) -> str:
        if self.hazard is not None:
            return ""
        lines = ["[hazard]"]
        if self.areas is not None:
            lines.append(f"areas = {self.areas.table(classification=self.classification)}")
        if self.accidents is not None:
            lines.append(f"accidents = {self.accidents.table()}")
        priors = {"SHA": self.prior_suspected, "CHA": self.prior_confirmed}
        if self.classes_found:
            priors = {found: self._prior(found) for found in self.classes_found}
        lines += ["# Share of the ground of a class that proves mined: look at what your own clearance has found.",
                  f"prior = {toml.inline({**priors, 'elsewhere': self.prior_elsewhere})}"]
        return "\n".join(lines) + "\n"

    def _prior(self, found: str) -> float:
        name = found.casefold()
        return self.prior_confirmed if name.startswith("cha") or "confirm" in name else self.prior_suspected

    def _score(self) -> str:
        lines = [
            "[score]",
            'benefit = "risk"                 # hazard times the weighted worth of the criteria below',
            f"priority_by = {toml.text(self.priority_by)}",
            f"exposure = {toml.inline({'kernel': 'gaussian', 'sigma_m': self.reach_m})}",
            f"classes = {toml.value(self.class_percents)}",
        ]
        if self.people_weight > 0:
            lines += ["", "[[score.criteria]]", 'name = "people"                  # people within reach of the cell',
                      'layer = "exposure"', f"weight = {toml.number(self.people_weight)}",
                      'value = { linear = [0, "max"] }']
        if self.roads is not None and self.roads_weight > 0:
            lines += ["", "[[score.criteria]]", 'name = "road access"', 'layer = "roads"',
                      'measure = "proximity"            # metres to the nearest road',
                      f"weight = {toml.number(self.roads_weight)}",
                      f"value = {toml.inline({'linear': [self.roads_far_m, 0]})}"]
        for i, criterion in enumerate(self.criteria):
            lines += ["", "[[score.criteria]]", f"name = {toml.text(criterion.name)}", f"layer = {toml.text(self._key(i))}"]
            if isinstance(criterion.layer, Vector):
                lines.append('measure = "proximity"            # metres to the nearest feature')
            lines += [f"weight = {toml.number(criterion.weight)}",
                      f"value = {toml.inline({'linear': [criterion.worth_0_at, criterion.worth_1_at]})}"]
        return "\n".join(lines) + "\n"

    def _tasks(self) -> str:
        if not self.has_tasks:
            return ""
        if self.grow is not None:
            grow = {"min_rank": self.grow.min_rank, "min_area_m2": self.grow.min_area_m2, "max_area_m2": self.grow.max_area_m2}
            lines = ["[tasks]", "# Connected cells of high rank.", f"grow = {toml.inline(grow)}"]
        else:
            lines = ["[tasks]", f"areas = {self.areas.table(id=self.area_id)}"]
        if self.difficulty is not None:
            lines.append('difficulty = "difficulty"')
        return "\n".join(lines) + "\n"

    def _plan(self) -> str:
        plan = self.plan
        if plan is None:
            return ""
        lines = [
            "[plan]",
            f"start = {toml.text(plan.start)}",
            f"years = {toml.number(plan.years)}",
            f"discount = {toml.number(round(plan.discount_percent / 100.0, 12))}",
        ]
        if plan.budget_usd is not None:
            lines.append(f"budget_usd = {toml.number(plan.budget_usd)}")
        lines += [f"objective = {toml.text(plan.objective)}", f"seconds = {toml.number(plan.seconds)}",
                  f"teams = {plan.teams.table()}"]
        if plan.settlements is not None:
            lines.append(f"settlements = {plan.settlements.table()}")
        if plan.districts is not None:
            lines.append(f"districts = {plan.districts.table(name=plan.district_name)}")
        return "\n".join(lines) + "\n"

    @staticmethod
    def _key(index: int) -> str:
        return f"criterion_{index + 1}"
