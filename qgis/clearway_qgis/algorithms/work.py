"""Algorithms that write a run folder: where it is, how it is computed, and what is loaded from it."""

from pathlib import Path

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterFolderDestination,
)

from .. import parameters as p
from ..core import command, results
from ..loading import load
from .base import ClearwayAlgorithm

OF_GRIDS = {"SCORED_CELLS": "Cells scored"}
OF_TASKS = {"TASK_COUNT": "Task areas", "TASK_AREA_HA": "Ground of the task areas (ha)"}
OF_PLAN = {
    "TASKS_DONE": "Tasks in the plan",
    "PLAN_COST_USD": "Cost of the plan (US$)",
    "OBJECTIVE": "Objective of the plan",
    "UPPER_BOUND": "Proven bound of the objective",
    "GAP_PERCENT": "Proven gap to the best possible plan (%)",
}


class WorkAlgorithm(ClearwayAlgorithm):
    """An algorithm that writes a run folder."""

    #: Command of the program, and the outputs it has.
    COMMAND = ""
    HAS_GRIDS = True
    HAS_TASKS = True
    HAS_PLAN = True
    #: Whether it writes one run folder, whose layers can be loaded.
    HAS_LAYERS = True

    def initAlgorithm(self, configuration=None):  # noqa: N802
        """Parameters and outputs."""
        self.add_inputs()
        self.add_own()
        self.add_work()
        self.addParameter(
            p.helped(
                QgsProcessingParameterFolderDestination("OUTPUT", "Run folder"),
                "Grids, tables, report and record are written into this folder. It is whole when it holds run.json.",
            )
        )
        self.add_outputs()

    # -- set by each algorithm

    def add_inputs(self):
        """Where the project comes from."""
        raise NotImplementedError

    def project_file(self, parameters, context, feedback, folder):
        """The project file that is run."""
        raise NotImplementedError

    def add_own(self):
        """What only this algorithm asks."""

    def own_arguments(self, parameters, context):
        """The words of the command line that come of it."""
        return []

    # -- parameters that all of them have

    def add_work(self):
        """How it is computed."""
        if self.HAS_LAYERS:
            text = "Grids and task areas are loaded with their styles."
            self.addParameter(p.flag("LOAD", "Load the results into the project", text, True))
        self.addParameter(
            p.flag(
                "OVERWRITE",
                "Overwrite a finished run in the run folder",
                "Otherwise a folder that holds a finished run is refused.",
                False,
            )
        )
        text = "Steps that a cancelled run into the same folder has finished are taken as they are."
        self.addParameter(p.flag("RESUME", "Go on from a cancelled run", text, False, advanced=True))
        words = "auto takes the fastest real GPU, else the processor; gpu and cpu take nothing else. Ranks are the same."
        self.addParameter(p.choice("BACKEND", "What computes the scores", words, ["auto", "gpu", "cpu"], "auto", advanced=True))
        self.addParameter(
            p.number(
                "MEMORY",
                "Memory for tiles and planes (GiB)",
                "A bound on the memory that grids may take, however large they are.",
                4.0,
                0.0625,
                advanced=True,
            )
        )
        self.addParameter(
            p.line(
                "SET",
                "Overrides (key=value, one a line)",
                "Keys of the project file with other values for this run, such as plan.budget_usd=2000000 or "
                "score.criteria.people.weight=5.",
                multi_line=True,
                advanced=True,
            )
        )

    def add_search(self):
        """How long to search for a plan."""
        self.addParameter(
            p.number(
                "SECONDS",
                "Time to search for a plan (seconds; empty: the project's)",
                "A longer search finds a little better. Cancelling ends the search and keeps the best plan found.",
                None,
                0.001,
                optional=True,
            )
        )
        self.addParameter(
            p.whole(
                "ITERATIONS",
                "Steps of the search (empty: by time)",
                "The same number and seed give the same plan again.",
                None,
                1,
                optional=True,
                advanced=True,
            )
        )

    def search(self, parameters, context):
        """The words of the command line for it."""
        seconds = self.optional_number(parameters, "SECONDS", context)
        iterations = self.optional_number(parameters, "ITERATIONS", context)
        return command.Search(seconds, None if iterations is None else int(iterations)).arguments()

    # -- outputs

    def add_outputs(self):
        """What a model may go on with."""
        self.addOutput(QgsProcessingOutputFile("RECORD", "Record (run.json)"))
        self.addOutput(QgsProcessingOutputHtml("REPORT", "Report"))
        if self.HAS_GRIDS:
            self.addOutput(QgsProcessingOutputRasterLayer("PRIORITY", "Priority (rank 0 to 100, 100 is first)"))
            self.addOutput(QgsProcessingOutputRasterLayer("CLASS", "Class (1 is first, 0 is not scored)"))
            self.addOutput(QgsProcessingOutputRasterLayer("ACCEPTABILITY", "How often in the top, with robustness"))
        if self.HAS_TASKS:
            self.addOutput(QgsProcessingOutputVectorLayer("TASKS", "Task areas"))
        if self.HAS_PLAN:
            self.addOutput(QgsProcessingOutputVectorLayer("PLAN_TASKS", "Tasks in the plan"))
            self.addOutput(QgsProcessingOutputVectorLayer("PLAN_ROUTES", "Ways of the teams"))
        self.addOutput(QgsProcessingOutputFile("PROJECT_FILE", "Project file"))
        numbers = {
            **(OF_GRIDS if self.HAS_GRIDS else {}),
            **(OF_TASKS if self.HAS_TASKS else {}),
            **(OF_PLAN if self.HAS_PLAN else {}),
            "WARNINGS": "Warnings",
        }
        for name, label in numbers.items():
            self.addOutput(QgsProcessingOutputNumber(name, label))

    # -- the work

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """Runs the program and loads what it wrote."""
        folder = Path(self.parameterAsString(parameters, "OUTPUT", context))
        project = self.project_file(parameters, context, feedback, folder)
        if project is None or feedback.isCanceled():
            return {}
        arguments = [str(project), *self.own_arguments(parameters, context)]
        answer = self.call(self.COMMAND, [*arguments, *self.work(parameters, context, folder).arguments()], feedback)
        if answer is None:
            return {}
        return self.finish(parameters, context, feedback, project, answer)

    def work(self, parameters, context, folder):
        """Where results go and how they are computed."""
        return command.Work(
            out=str(folder),
            overwrite=self.parameterAsBool(parameters, "OVERWRITE", context),
            resume=self.parameterAsBool(parameters, "RESUME", context),
            backend=self.parameterAsString(parameters, "BACKEND", context) or "auto",
            memory_gib=self.parameterAsDouble(parameters, "MEMORY", context),
            overrides=command.overrides_of(self.parameterAsString(parameters, "SET", context)),
        )

    def finish(self, parameters, context, feedback, project, answer):
        """Tells what a person should know, and hands the outputs on."""
        for warning in answer.get("warnings", []):
            feedback.pushWarning(warning)
        folder, files = Path(answer["out"]), answer["files"]
        if "run.json" not in files:
            raise QgsProcessingException(f"{folder} holds no record: the run is not whole")
        outputs = {"OUTPUT": str(folder), "RECORD": str(folder / "run.json"), "PROJECT_FILE": str(project)}
        if "report.html" in files:
            outputs["REPORT"] = str(folder / "report.html")
        shown = results.layers(folder, files)
        outputs.update({layer.output: layer.source for layer in shown})
        outputs.update(results.numbers(answer))
        if self.parameterAsBool(parameters, "LOAD", context):
            load(shown, context, feedback)
        feedback.pushInfo(f"{len(files)} files in {folder}")
        return outputs
