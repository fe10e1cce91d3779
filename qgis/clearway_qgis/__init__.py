"""Clearway in QGIS: a Processing provider around the `clearway` program.

It is not called `clearway`: inside QGIS that name belongs to the Python package for analysts.
"""


def classFactory(iface):  # noqa: N802 - QGIS calls it so
    """What QGIS calls to make the plugin; `iface` is `None` without a window."""
    from .plugin import ClearwayPlugin

    return ClearwayPlugin()
