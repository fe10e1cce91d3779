"""Results into the QGIS project, with the styles that the program wrote."""

from qgis.core import QgsProcessingContext, QgsRasterLayer, QgsVectorLayer


def load(shown, context, feedback):
    """Hands layers to QGIS, which adds them to the project when the algorithm is done; the later lie on top.

    The style of a grid lies beside it (`.qml`), that of a GeoPackage's table inside: QGIS takes both by itself.
    """
    project = context.project()
    if project is None:
        return
    for layer in shown:
        if layer.is_raster:
            opened = QgsRasterLayer(layer.source, layer.title)
        else:
            opened = QgsVectorLayer(layer.source, layer.title, "ogr")
        if not opened.isValid():
            feedback.pushWarning(f"{layer.source} was written but could not be loaded")
            continue
        context.temporaryLayerStore().addMapLayer(opened)
        details = QgsProcessingContext.LayerDetails(layer.title, project, layer.output)
        context.addLayerToLoadOnCompletion(opened.id(), details)
