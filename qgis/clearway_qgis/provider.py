"""The provider: its algorithms, and the one setting."""

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms.batch import BatchAlgorithm
from .algorithms.from_layers import ProjectAlgorithm, RunLayersAlgorithm, ScoreLayersAlgorithm, TasksLayersAlgorithm
from .algorithms.look import CheckAlgorithm, ExplainAlgorithm, VerifyAlgorithm
from .algorithms.from_project import PlanAlgorithm, RunAlgorithm, ScoreAlgorithm, TasksAlgorithm
from .metadata import VERSION

FOLDER = Path(__file__).parent
#: Key of the setting that names the program.
PROGRAM_SETTING = "CLEARWAY_PROGRAM"

ALGORITHMS = [
    CheckAlgorithm,
    ScoreAlgorithm,
    TasksAlgorithm,
    PlanAlgorithm,
    RunAlgorithm,
    BatchAlgorithm,
    ProjectAlgorithm,
    ScoreLayersAlgorithm,
    TasksLayersAlgorithm,
    RunLayersAlgorithm,
    ExplainAlgorithm,
    VerifyAlgorithm,
]


class ClearwayProvider(QgsProcessingProvider):
    """`clearway:…`."""

    def id(self):
        """The part of an algorithm's id before the colon."""
        return "clearway"

    def name(self):
        """In the toolbox."""
        return "Clearway"

    def longName(self):  # noqa: N802
        """In the list of providers."""
        return "Clearway: planning of humanitarian mine action"

    def versionInfo(self):  # noqa: N802
        """The plugin's version, which is the program's."""
        return VERSION

    def icon(self):
        """In the toolbox."""
        return QIcon(str(FOLDER / "icon.svg"))

    def svgIconPath(self):  # noqa: N802
        """For the model designer."""
        return str(FOLDER / "icon.svg")

    def load(self):
        """Adds the setting and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        setting = Setting(
            self.name(),
            PROGRAM_SETTING,
            "clearway program (empty: CLEARWAY_BIN, then PATH)",
            "",
            valuetype=Setting.FILE,
        )
        ProcessingConfig.addSetting(setting)
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self):
        """Takes the setting away."""
        ProcessingConfig.removeSetting(PROGRAM_SETTING)

    def loadAlgorithms(self):  # noqa: N802
        """Called by QGIS."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
