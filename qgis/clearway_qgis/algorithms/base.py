"""What all algorithms have in common: calling the program, showing how far it is, and passing on its faults."""

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingParameters
from qgis.PyQt.QtGui import QIcon

from ..core import binary, command, faults, progress, runner
from ..metadata import VERSION

FOLDER = Path(__file__).parent.parent
#: What stands below every help text.
ALWAYS = (
    "\n\nNothing that is computed says that ground is free of hazards: a low priority, a cell without data or an area "
    "outside every polygon is not scored or of lower priority, never more. Read the warnings before people act on a "
    "result."
)


class ClearwayAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that calls the program."""

    #: Id after the colon, label, group, help; set by each algorithm.
    NAME = ""
    LABEL = ""
    GROUP = ("project", "From a project file")
    HELP = ""
    TAGS = []

    def createInstance(self):  # noqa: N802
        """Called by QGIS."""
        return type(self)()

    def name(self):
        """The id."""
        return self.NAME

    def displayName(self):  # noqa: N802
        """The label."""
        return self.LABEL

    def groupId(self):  # noqa: N802
        """The group's id."""
        return self.GROUP[0]

    def group(self):
        """The group's label."""
        return self.GROUP[1]

    def tags(self):
        """Words that a search in the toolbox finds it by."""
        return ["clearway", "mine action", "demining", "prioritisation", *self.TAGS]

    def icon(self):
        """In the toolbox."""
        return QIcon(str(FOLDER / "icon.svg"))

    def svgIconPath(self):  # noqa: N802
        """For the model designer."""
        return str(FOLDER / "icon.svg")

    def shortHelpString(self):  # noqa: N802
        """Beside the dialog."""
        return self.HELP + ALWAYS

    # -- values of parameters

    def optional_number(self, parameters, name, context):
        """A number, or `None` where the field was left empty."""
        if parameters.get(name) in (None, ""):
            return None
        return self.parameterAsDouble(parameters, name, context)

    def date(self, parameters, name, context):
        """A day as 2027-03-01, or `None` where the field was left empty."""
        date = QgsProcessingParameters.parameterAsDate(self.parameterDefinition(name), parameters, context)
        return date.toString("yyyy-MM-dd") if date.isValid() else None

    # -- calling the program

    def call(self, name, arguments, feedback, *, has_work=True):
        """Runs a command of the program and returns its answer; a fault becomes an exception with the same text.

        `None` where it was cancelled and nothing was written. A search for plans that is cancelled ends with the best
        plan found until then, which is a result.
        """
        outcome = self.outcome(name, arguments, feedback, has_work=has_work)
        if outcome.exit_code == 0:
            answer = outcome.answer
            if answer is None:
                raise QgsProcessingException(f"{name}: the program answered with no JSON: {outcome.stdout[:200]!r}")
            if outcome.was_cancelled:
                feedback.pushWarning("ended early: what was found until then is kept, and its record says so")
            return answer
        return self.failed(outcome, feedback)

    def failed(self, outcome, feedback):
        """What a command that did not end well comes to: nothing where a person stopped it, else an exception."""
        if not outcome.was_cancelled:
            raise QgsProcessingException(faults.error_text(outcome))
        feedback.pushWarning("cancelled: nothing half-written was kept")
        kept = faults.kept_text(outcome)
        if kept:
            feedback.pushInfo(f"{kept} (in the dialog: Go on from a cancelled run)")
        return None

    def outcome(self, name, arguments, feedback, *, has_work=True):
        """Runs a command of the program to its end, showing how far it is."""
        try:
            program = binary.find(_setting())
            version = binary.version(program)
        except binary.NotFound as error:
            raise QgsProcessingException(str(error)) from error
        if not binary.fits(version, VERSION):
            raise QgsProcessingException(
                f"{program} is clearway {version}, and this plugin is made for {VERSION}: install them from one release"
            )
        words = command.command(program, name, arguments, has_work=has_work)
        feedback.pushCommandInfo(command.shown(words))
        overall = progress.Overall(name)
        listener = Listener(feedback, overall)
        return runner.run(words, listener.hear, feedback.isCanceled)


class Listener:
    """Passes lines of the program on to QGIS."""

    def __init__(self, feedback, overall):
        self._feedback = feedback
        self._overall = overall
        self._step = ""

    def hear(self, line):
        """One line of stderr. Warnings are told at the end, from the answer: all of them, not the first dozen."""
        told = progress.parse(line)
        if isinstance(told, progress.Step):
            self._feedback.setProgress(self._overall.take(told))
            text = f"{told.name}: {told.note}" if told.note else told.name
            if text != self._step:
                self._step = text
                self._feedback.setProgressText(text)
        elif isinstance(told, progress.Note):
            self._feedback.pushInfo(told.text)


def _setting():
    """What the setting says; nothing where Processing has none yet."""
    from ..provider import PROGRAM_SETTING

    return str(ProcessingConfig.getSetting(PROGRAM_SETTING) or "")
