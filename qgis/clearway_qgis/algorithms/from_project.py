"""Score, task areas, plan and run of a project file that is there."""

from .. import parameters as p
from .work import WorkAlgorithm


class FromProject(WorkAlgorithm):
    """Takes a project file."""

    def add_inputs(self):
        """The project file."""
        text = "A project file (TOML), such as `clearway init` writes for a folder of layers, or the algorithms from layers do."
        self.addParameter(p.file("PROJECT", "Project file", text, "toml"))

    def project_file(self, parameters, context, feedback, folder):
        """As chosen."""
        return self.parameterAsFile(parameters, "PROJECT", context)


class ScoreAlgorithm(FromProject):
    """`clearway score`."""

    NAME, LABEL, COMMAND = "score", "Score: priority grids", "score"
    HAS_TASKS = HAS_PLAN = False
    TAGS = ["priority", "rank", "raster"]
    HELP = (
        "Gives every cell of the grid a clearance priority: hazard times the weighted worth of the criteria, per US$. "
        "Writes the grids of the rank (0 to 100, 100 is first), of the class and of what the rank is made of."
    )


class TasksAlgorithm(FromProject):
    """`clearway tasks`."""

    NAME, LABEL, COMMAND = "tasks", "Task areas: score and outline", "tasks"
    HAS_PLAN = False
    TAGS = ["polygons", "hazardous areas"]
    HELP = (
        "Scores the grid, and outlines task areas: the hazardous areas as recorded, or connected ground of high rank, as "
        "the project says. Each task area sums up its cells: ground, people, exposure, benefit, cost. No plan is made, and "
        "teams need not be known yet."
    )


class RunAlgorithm(FromProject):
    """`clearway run`."""

    NAME, LABEL, COMMAND = "run", "Run: score, task areas and plan", "run"
    TAGS = ["teams", "schedule"]
    HELP = (
        "The whole way: priority grids, task areas, and a plan of which team works where and when, beside a proven bound on "
        "how far it can be from the best and what a planner would do by hand."
    )

    def add_own(self):
        """How long to search."""
        self.add_search()

    def own_arguments(self, parameters, context):
        """The words for it."""
        return self.search(parameters, context)


class PlanAlgorithm(FromProject):
    """`clearway plan`."""

    NAME, LABEL, COMMAND = "plan", "Plan: teams over task areas", "plan"
    HAS_GRIDS = False
    TAGS = ["teams", "schedule", "replanning"]
    HELP = (
        "Plans the project's teams over task areas: those of an earlier run, or the project's, scored anew. With an earlier "
        "plan and a day it plans anew from that day on: what is finished or under way stays."
    )

    def add_own(self):
        """Where the task areas come from, and what is planned anew."""
        text = "The run folder whose task areas are planned; nothing is scored again. Left empty, the project is scored."
        self.addParameter(p.folder("TASKS_FROM", "Task areas of this run folder", text, optional=True))
        text = "The run folder whose plan is planned anew from the day below on."
        self.addParameter(p.folder("EARLIER", "Plan this earlier run anew", text, optional=True))
        text = "The first day that may be planned otherwise."
        self.addParameter(p.date("DATE", "First day of the new plan", text, optional=True))
        text = "Money that the plan may spend; left empty, the project's."
        self.addParameter(p.number("BUDGET", "Budget (US$; empty: the project's)", text, None, 0.0, optional=True))
        self.add_search()

    def checkParameterValues(self, parameters, context):  # noqa: N802
        """An earlier run and a day belong together."""
        earlier = bool(self.parameterAsFile(parameters, "EARLIER", context))
        has_date = self.date(parameters, "DATE", context) is not None
        if earlier != has_date:
            return False, "Give both an earlier run and the first day of the new plan, or neither"
        return super().checkParameterValues(parameters, context)

    def own_arguments(self, parameters, context):
        """The words for it."""
        words = self.search(parameters, context)
        tasks_from = self.parameterAsFile(parameters, "TASKS_FROM", context)
        earlier = self.parameterAsFile(parameters, "EARLIER", context)
        if tasks_from:
            words += ["--tasks", tasks_from]
        if earlier:
            words += ["--from", earlier, "--date", self.date(parameters, "DATE", context)]
        return words

    def work(self, parameters, context, folder):
        """With the budget over the project's."""
        work = super().work(parameters, context, folder)
        budget = self.optional_number(parameters, "BUDGET", context)
        if budget is not None:
            work.overrides.append(f"plan.budget_usd={budget!r}")
        return work
