"""What of the plugin can be tested without QGIS: `python3 -m unittest discover -s qgis -t qgis`."""
