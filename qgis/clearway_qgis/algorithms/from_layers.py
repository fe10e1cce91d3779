"""Score, task areas and run of layers that are chosen; and the project file alone."""

from pathlib import Path

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFileDestination,
)

from .. import parameters as p
from ..core.files import Refused, write_project
from ..inputs import Inputs
from .base import ClearwayAlgorithm
from .from_project import RunAlgorithm, ScoreAlgorithm, TasksAlgorithm
from .layer_parameters import LayerParameters
from .look import tell_check

LAYERS = ("layers", "From layers of the map")
WRITES = (
    " The layers are chosen here, and a project file is written from them into a folder beside the run folder (its name and "
    "-project), for later runs with other settings. Layers that are no plain files are copied there."
)


class FromLayers(LayerParameters):
    """Takes layers, and writes the project file that is run."""

    GROUP = LAYERS

    def add_inputs(self):
        """The layers."""
        self.add_layers(with_tasks=self.HAS_TASKS, with_plan=self.HAS_PLAN)

    def project_file(self, parameters, context, feedback, folder):
        """Written beside the run folder."""
        path = folder.with_name(folder.name + "-project") / "project.toml"
        overwrite = self.parameterAsBool(parameters, "OVERWRITE", context)
        return self.write_project(parameters, context, feedback, path, overwrite=overwrite)

    def write_project(self, parameters, context, feedback, path, *, overwrite):
        """Writes the project file of the chosen layers."""
        inputs = Inputs(self, parameters, context, feedback, path.parent / "layers")
        project = self.project(parameters, context, inputs)
        problems = project.problems()
        if problems:
            raise QgsProcessingException("\n".join(problems))
        try:
            write_project(path, project.text(), overwrite=overwrite)
        except (Refused, OSError) as error:
            raise QgsProcessingException(str(error)) from error
        feedback.pushInfo(f"project file: {path}")
        return path


class ScoreLayersAlgorithm(FromLayers, ScoreAlgorithm):
    """`clearway score` of chosen layers."""

    NAME, LABEL = "scorelayers", "Score layers of the map"
    HELP = ScoreAlgorithm.HELP + WRITES


class TasksLayersAlgorithm(FromLayers, TasksAlgorithm):
    """`clearway tasks` of chosen layers."""

    NAME, LABEL = "taskslayers", "Task areas from layers of the map"
    HELP = TasksAlgorithm.HELP + WRITES


class RunLayersAlgorithm(FromLayers, RunAlgorithm):
    """`clearway run` of chosen layers."""

    NAME, LABEL = "runlayers", "Score, task areas and plan from layers of the map"
    HELP = RunAlgorithm.HELP + WRITES

    def add_own(self):
        """The time to search is among the layers' settings."""

    def own_arguments(self, parameters, context):
        """None."""
        return []


class ProjectAlgorithm(FromLayers, ClearwayAlgorithm):
    """A project file of chosen layers, checked."""

    NAME, LABEL = "project", "Write a project file from layers of the map"
    TAGS = ["toml", "init"]
    HELP = (
        "Writes a project file from layers of the map and checks it: every fault of the layers, and what is odd about them. "
        "Layers that are no plain files are copied into a folder beside it. The file can then be scored, planned and run."
    )
    HAS_TASKS = HAS_PLAN = True

    def initAlgorithm(self, configuration=None):  # noqa: N802
        """The layers, and where the file goes."""
        self.add_layers(with_tasks=True, with_plan=True, plan_is_optional=True)
        text = "A project file of this name that the plugin wrote earlier is replaced; one of somebody else's never is."
        self.addParameter(p.flag("OVERWRITE", "Overwrite an earlier project file", text, False))
        destination = QgsProcessingParameterFileDestination("OUTPUT", "Project file", fileFilter="Project file (*.toml)")
        self.addParameter(p.helped(destination, "Copies of layers go into the folder `layers` beside it."))
        self.addOutput(QgsProcessingOutputNumber("WARNINGS", "Warnings"))
        self.addOutput(QgsProcessingOutputNumber("ODDITIES", "Oddities"))
        self.addOutput(QgsProcessingOutputString("TEXT", "What was found"))

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """Writes, then checks. The file stays where the check finds faults: they are told, and can be mended in it."""
        path = Path(self.parameterAsFileOutput(parameters, "OUTPUT", context))
        overwrite = self.parameterAsBool(parameters, "OVERWRITE", context)
        self.write_project(parameters, context, feedback, path, overwrite=overwrite)
        answer = self.call("check", [str(path)], feedback)
        if answer is None:
            return {}
        return {"OUTPUT": str(path), **tell_check(answer, feedback)}
