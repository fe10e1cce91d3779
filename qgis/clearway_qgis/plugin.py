"""The plugin: it adds the provider, and nothing else to QGIS."""

from qgis.core import QgsApplication

from .provider import ClearwayProvider


class ClearwayPlugin:
    """Adds the provider when QGIS starts, with or without a window."""

    def __init__(self):
        self.provider = None

    def initProcessing(self):  # noqa: N802
        """Called by `qgis_process`, which has no window."""
        self.provider = ClearwayProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):  # noqa: N802
        """Called by QGIS itself."""
        self.initProcessing()

    def unload(self):
        """Called when the plugin is switched off."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
