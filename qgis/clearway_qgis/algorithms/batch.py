"""Many scenarios of one project."""

from pathlib import Path

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
)

from .. import parameters as p
from .from_project import FromProject


class BatchAlgorithm(FromProject):
    """`clearway batch`."""

    NAME, LABEL, COMMAND = "batch", "Batch: scenarios and their comparison", "batch"
    HAS_LAYERS = False
    TAGS = ["scenarios", "comparison"]
    HELP = (
        "Runs the project as it stands and each scenario of a file, every one into a folder of its own, and compares them: "
        "maps on one scale and their differences, ranks, worth and cost, the task areas that are in every plan."
    )

    def add_inputs(self):
        """Project and scenarios."""
        super().add_inputs()
        text = "A scenarios file (TOML): [[scenario]] tables with a name and the keys it sets."
        self.addParameter(p.file("SCENARIOS", "Scenarios file", text, "toml"))

    def add_own(self):
        """How long to search for each plan."""
        self.add_search()

    def own_arguments(self, parameters, context):
        """The scenarios, and the words of the search."""
        return [self.parameterAsFile(parameters, "SCENARIOS", context), *self.search(parameters, context)]

    def add_outputs(self):
        """The comparison; each scenario's folder holds what a run's does."""
        self.addOutput(QgsProcessingOutputHtml("COMPARISON", "Comparison"))
        self.addOutput(QgsProcessingOutputFile("TABLE", "Table of the scenarios (CSV)"))
        self.addOutput(QgsProcessingOutputFile("PROJECT_FILE", "Project file"))
        self.addOutput(QgsProcessingOutputNumber("FAILED", "Scenarios that failed"))

    def processAlgorithm(self, parameters, context, feedback):  # noqa: N802
        """A batch in which a scenario failed is a fault, told when the others are done."""
        folder = Path(self.parameterAsString(parameters, "OUTPUT", context))
        project = self.project_file(parameters, context, feedback, folder)
        arguments = [str(project), *self.own_arguments(parameters, context)]
        arguments += self.work(parameters, context, folder).arguments()
        outcome = self.outcome(self.COMMAND, arguments, feedback)
        answer = outcome.answer
        if answer is None or "error" in answer:
            self.failed(outcome, feedback)
            return {}
        for warning in answer.get("warnings", []):
            feedback.pushWarning(warning)
        failed = answer.get("failed") or []
        if failed:
            raise QgsProcessingException("\n".join(f"{item['name']}: {item['error']}" for item in failed))
        folder = Path(answer.get("out", folder))
        return {
            "OUTPUT": str(folder),
            "COMPARISON": str(folder / "compare.html"),
            "TABLE": str(folder / "scenarios.csv"),
            "PROJECT_FILE": str(project),
            "FAILED": len(failed),
        }
