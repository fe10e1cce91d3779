"""Enums by the names that every QGIS has: scoped where they are, plain in older ones, moved to `Qgis` in newer ones."""

from qgis import core


def _first(*paths):
    for path in paths:
        found = core
        for name in path.split("."):
            found = getattr(found, name, None)
            if found is None:
                break
        else:
            return found
    raise ImportError(f"this QGIS has none of {', '.join(paths)}")


NUMBER_DOUBLE = _first(
    "Qgis.ProcessingNumberParameterType.Double",
    "QgsProcessingParameterNumber.Type.Double",
    "QgsProcessingParameterNumber.Double",
)
NUMBER_INTEGER = _first(
    "Qgis.ProcessingNumberParameterType.Integer",
    "QgsProcessingParameterNumber.Type.Integer",
    "QgsProcessingParameterNumber.Integer",
)
FILE_FILE = _first(
    "Qgis.ProcessingFileParameterBehavior.File",
    "QgsProcessingParameterFile.Behavior.File",
    "QgsProcessingParameterFile.File",
)
FILE_FOLDER = _first(
    "Qgis.ProcessingFileParameterBehavior.Folder",
    "QgsProcessingParameterFile.Behavior.Folder",
    "QgsProcessingParameterFile.Folder",
)
DATE_ONLY = _first(
    "Qgis.ProcessingDateTimeParameterDataType.Date",
    "QgsProcessingParameterDateTime.Type.Date",
    "QgsProcessingParameterDateTime.Date",
)
FIELD_ANY = _first(
    "Qgis.ProcessingFieldParameterDataType.Any",
    "QgsProcessingParameterField.DataType.Any",
    "QgsProcessingParameterField.Any",
)
ADVANCED = _first(
    "Qgis.ProcessingParameterFlag.Advanced",
    "QgsProcessingParameterDefinition.Flag.FlagAdvanced",
    "QgsProcessingParameterDefinition.FlagAdvanced",
)
POINTS = _first("Qgis.ProcessingSourceType.VectorPoint", "QgsProcessing.SourceType.TypeVectorPoint", "QgsProcessing.TypeVectorPoint")
LINES = _first("Qgis.ProcessingSourceType.VectorLine", "QgsProcessing.SourceType.TypeVectorLine", "QgsProcessing.TypeVectorLine")
POLYGONS = _first(
    "Qgis.ProcessingSourceType.VectorPolygon",
    "QgsProcessing.SourceType.TypeVectorPolygon",
    "QgsProcessing.TypeVectorPolygon",
)
#: Any vector layer, with or without geometry.
TABLES = _first("Qgis.ProcessingSourceType.Vector", "QgsProcessing.SourceType.TypeVector", "QgsProcessing.TypeVector")
FAST_INSERT = _first("QgsFeatureSink.Flag.FastInsert", "QgsFeatureSink.FastInsert")
POINT = _first("Qgis.WkbType.Point", "QgsWkbTypes.Type.Point", "QgsWkbTypes.Point")
WRITER_NO_ERROR = _first(
    "QgsVectorFileWriter.WriterError.NoError",
    "QgsVectorFileWriter.NoError",
)
RASTER_NO_ERROR = _first(
    "Qgis.RasterFileWriterResult.Success",
    "QgsRasterFileWriter.WriterError.NoError",
    "QgsRasterFileWriter.NoError",
)
