"""What the plugin does without QGIS: tested with plain Python. Nothing in here imports `qgis`."""
