"""Algorithms that look and write nothing: check, explain, verify."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingException,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterPoint,
)

from .. import parameters as p
from ..core import faults
from .base import ClearwayAlgorithm

FINISHED = ("finished", "Finished runs")


class CheckAlgorithm(ClearwayAlgorithm):
    """`clearway check`."""

    NAME, LABEL = "check", "Check: faults and oddities of the inputs"
    TAGS = ["validate"]
    HELP = (
        "Tells every fault of a project file and of the layers it names, all together, and what is odd about them, before "
        "any work. Writes nothing."
    )

    def initAlgorithm(self, configuration=None):  # noqa: N802
        """The project file."""
        self.addParameter(p.file("PROJECT", "Project file", "The project file (TOML) to be checked.", "toml"))
        self.addOutput(QgsProcessingOutputNumber("WARNINGS", "Warnings"))
        self.addOutput(QgsProcessingOutputNumber("ODDITIES", "Oddities"))
        self.addOutput(QgsProcessingOutputString("TEXT", "What was found"))

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """Faults are the error."""
        project = self.parameterAsFile(parameters, "PROJECT", context)
        answer = self.call("check", [project], feedback)
        if answer is None:
            return {}
        return tell_check(answer, feedback)


def tell_check(answer, feedback):
    """Tells what a check found, and hands it on as outputs."""
    lines = [f"{name}: {text}" for name, text in answer["facts"].items()]
    for line in lines:
        feedback.pushInfo(line)
    warnings = list(answer["warnings"])
    oddities = [f"odd: {odd['place']}: {odd['what']}; {odd['so_what']}" for odd in answer["oddities"]]
    for text in [*warnings, *oddities]:
        feedback.pushWarning(text)
    feedback.pushInfo(f"no faults, {len(warnings)} warnings, {len(oddities)} oddities")
    text = "\n".join([*lines, *warnings, *oddities])
    return {"WARNINGS": len(warnings), "ODDITIES": len(oddities), "TEXT": text}


class ExplainAlgorithm(ClearwayAlgorithm):
    """`clearway explain`."""

    NAME, LABEL, GROUP = "explain", "Explain a cell or a task area", FINISHED
    TAGS = ["why", "rank"]
    HELP = (
        "Why a cell or a task area of a finished run stands where it does: its layers, the worth of each criterion, its cost "
        "and its rank."
    )

    def initAlgorithm(self, configuration=None):  # noqa: N802
        """The run, and a point or a task."""
        self.addParameter(p.folder("RUN", "Run folder", "The folder of a finished run."))
        point = QgsProcessingParameterPoint("POINT", "The cell at this point", optional=True)
        self.addParameter(p.helped(point, "A point on the map; or name a task area below."))
        self.addParameter(p.line("TASK", "Or the task area of this id", "The task_id, as in the table of the task areas."))
        self.addOutput(QgsProcessingOutputString("TEXT", "The explanation"))

    def checkParameterValues(self, parameters, context):  # noqa: N802
        """One of the two."""
        if bool(parameters.get("POINT")) == bool((parameters.get("TASK") or "").strip()):
            return False, "Give a point or a task area, one of them"
        return super().checkParameterValues(parameters, context)

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """Asks, and tells line by line."""
        run = self.parameterAsFile(parameters, "RUN", context)
        task = self.parameterAsString(parameters, "TASK", context).strip()
        if task:
            asked = ["--task", task]
        else:
            degrees = QgsCoordinateReferenceSystem("EPSG:4326")
            point = self.parameterAsPoint(parameters, "POINT", context, degrees)
            asked = [f"--at={point.x()!r},{point.y()!r}", "--lonlat"]
        answer = self.call("explain", [run, *asked], feedback, has_work=False)
        if answer is None:
            return {}
        lines = list(_lines(answer))
        for line in lines:
            feedback.pushInfo(line)
        return {"TEXT": "\n".join(lines)}


class VerifyAlgorithm(ClearwayAlgorithm):
    """`clearway verify`."""

    NAME, LABEL, GROUP = "verify", "Verify a finished run", FINISHED
    TAGS = ["hash", "record"]
    HELP = (
        "Checks a finished run again, independently of what made it: hashes of inputs and outputs, whether the plan keeps to "
        "every rule, its objective and its bound."
    )

    def initAlgorithm(self, configuration=None):  # noqa: N802
        """The run."""
        self.addParameter(p.folder("RUN", "Run folder", "The folder of a finished run."))
        self.addOutput(QgsProcessingOutputBoolean("SOUND", "Whether all of it holds"))
        self.addOutput(QgsProcessingOutputString("TEXT", "What was found"))

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """A run that does not hold is an error that says what does not."""
        outcome = self.outcome("verify", [self.parameterAsFile(parameters, "RUN", context)], feedback, has_work=False)
        answer = outcome.answer
        if answer is None or "sound" not in answer:
            raise QgsProcessingException(faults.error_text(outcome))
        for warning in answer["warnings"]:
            feedback.pushWarning(warning)
        if not answer["sound"]:
            raise QgsProcessingException("NOT verified\n" + "\n".join(answer["violations"]))
        for line in answer["holds"]:
            feedback.pushInfo(line)
        return {"SOUND": True, "TEXT": "\n".join(answer["holds"])}


def _lines(value, path=""):
    """An answer of any form, a line each value."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _lines(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(entry, (dict, list)) for entry in value):
        for i, entry in enumerate(value):
            yield from _lines(entry, f"{path}[{i}]")
    else:
        shown = "unknown" if value is None else value if isinstance(value, str) else repr(value)
        yield f"{path}: {shown}"
