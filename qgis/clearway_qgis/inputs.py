"""Layers of the QGIS project as files that the program reads.

A layer that is a plain file of a form the program reads is named where it lies. Anything else (a web service, a database,
a filter, a selection, unsaved edits, a coordinate system set by hand) is copied into a folder beside the project file, the
way QGIS shows it.
"""

import os
from pathlib import Path

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProviderRegistry,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime

from .core import grids, tables
from .core.files import write_text
from .core.project import Raster, Vector
from .enums import FAST_INSERT, POINT, RASTER_NO_ERROR, WRITER_NO_ERROR

DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")
RASTERS = (".tif", ".tiff")
VECTORS = (".geojson", ".json", ".gpkg", ".shp", ".kml")


class Inputs:
    """Turns the layers of one algorithm's parameters into entries of a project file."""

    def __init__(self, algorithm, parameters, context, feedback, folder):
        self._algorithm = algorithm
        self._parameters = parameters
        self._context = context
        self._feedback = feedback
        #: Where copies go.
        self._folder = Path(folder)

    # -- rasters

    def raster_layer(self, name):
        """The raster layer of a parameter, or `None`."""
        return self._algorithm.parameterAsRasterLayer(self._parameters, name, self._context)

    def raster(self, layer, key, role, unit=None, scale=None, frame=None):
        """A raster's entry; `frame` is the layer whose cells all others are brought onto."""
        if not layer.isValid():
            raise QgsProcessingException(f"the layer {layer.name()!r} cannot be read")
        if layer.bandCount() > 1:
            self._feedback.pushWarning(f"{layer.name()!r} has {layer.bandCount()} bands: the first one is taken")
        resample = None
        if frame is not None and frame is not layer:
            one, of_frame = _grid(layer), _grid(frame)
            if not grids.same_cells(one, of_frame):
                resample = grids.resampling(role, unit, self._is_finer(layer, frame))
                self._feedback.pushInfo(f"{layer.name()!r} has other cells than {frame.name()!r}: resampled by {resample}")
        return Raster(self._raster_path(layer, key), unit, scale, resample)

    def _raster_path(self, layer, key):
        provider = layer.dataProvider()
        path = Path(layer.source())
        is_file = provider.name() == "gdal" and path.suffix.lower() in RASTERS and path.is_file()
        if is_file and not provider.userNoDataValues(1) and QgsRasterLayer(str(path), "").crs() == layer.crs():
            return path.resolve().as_posix()
        copy = self._folder / f"{key}.tif"
        self._feedback.pushInfo(f"{layer.name()!r} is copied to {copy}")
        copy.parent.mkdir(parents=True, exist_ok=True)
        beside = copy.with_name(f".{key}.{os.getpid()}.tif")
        pipe = QgsRasterPipe()
        if not pipe.set(provider.clone()):
            raise QgsProcessingException(f"the layer {layer.name()!r} cannot be copied")
        writer = QgsRasterFileWriter(str(beside))
        writer.setOutputFormat("GTiff")
        writer.setCreateOptions(["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"])
        try:
            result = writer.writeRaster(
                pipe, layer.width(), layer.height(), layer.extent(), layer.crs(), self._context.transformContext()
            )
            if result != RASTER_NO_ERROR:
                raise QgsProcessingException(f"the layer {layer.name()!r} could not be copied to {copy} ({result})")
            os.replace(beside, copy)
        finally:
            for left in beside.parent.glob(f"{beside.name}*"):
                left.unlink()
        return copy.resolve().as_posix()

    def _is_finer(self, layer, frame):
        """Whether a raster's cells are smaller than the frame's, looked at in the middle of the frame."""
        width, height = frame.rasterUnitsPerPixelX(), frame.rasterUnitsPerPixelY()
        middle = frame.extent().center()
        cell = QgsRectangle(
            middle.x() - width / 2, middle.y() - height / 2, middle.x() + width / 2, middle.y() + height / 2
        )
        transform = QgsCoordinateTransform(frame.crs(), layer.crs(), self._context.transformContext())
        try:
            there = transform.transformBoundingBox(cell)
        except QgsCsException as error:
            raise QgsProcessingException(f"{layer.name()!r} does not lie where {frame.name()!r} does: {error}") from error
        return layer.rasterUnitsPerPixelX() * layer.rasterUnitsPerPixelY() < there.width() * there.height()

    # -- vectors

    def vector(self, name, key):
        """The entry of a vector parameter, or `None` where it was left empty."""
        source = self._source(name)
        if source is None:
            return None
        layer = self._algorithm.parameterAsVectorLayer(self._parameters, name, self._context)
        return self._entry(source, None if self._is_partial(name) else layer, key)

    def vector_layer(self, layer, key):
        """The entry of a vector layer."""
        return self._entry(layer, layer, key)

    def _entry(self, source, layer, key):
        """The file of `layer` where it is one; else a copy of what `source` shows."""
        plain = None if layer is None else _plain_file(layer)
        if plain is not None:
            return plain
        copy = self._folder / f"{key}.gpkg"
        self._feedback.pushInfo(f"{source.sourceName()!r} is copied to {copy}")
        self._copy(source, copy, key)
        return Vector(copy.resolve().as_posix(), key)

    def classes(self, name, column):
        """The different values of a column of a vector parameter, in order."""
        source = self._source(name)
        index = source.fields().lookupField(column)
        values = {_plain(feature.attribute(index)) for feature in source.getFeatures()}
        return sorted(str(value) for value in values if value not in (None, ""))

    def table(self, name, key, columns=None):
        """A table as CSV, or `None` where the parameter was left empty. `columns` maps names of the file to fields;
        all fields are taken otherwise. Points bring lon and lat where the table has none."""
        source = self._source(name)
        if source is None:
            return None
        fields = [field.name() for field in source.fields()]
        columns = {field: field for field in fields} if columns is None else columns
        is_points = QgsWkbTypes.geometryType(source.wkbType()) == QgsWkbTypes.geometryType(POINT)
        places = is_points and not {"lon", "lat"} <= set(columns)
        transform = QgsCoordinateTransform(source.sourceCrs(), DEGREES, self._context.transformContext())
        rows = []
        for feature in source.getFeatures():
            row = [_plain(feature.attribute(field)) for field in columns.values()]
            if places:
                point = None if feature.geometry().isNull() else feature.geometry().centroid().asPoint()
                point = None if point is None else transform.transform(point)
                row += [None, None] if point is None else [point.x(), point.y()]
            rows.append(row)
        path = self._folder / f"{key}.csv"
        write_text(path, tables.csv_text([*columns, *(["lon", "lat"] if places else [])], rows))
        return Vector(path.resolve().as_posix())

    def fields(self, name):
        """Names of the fields of a vector parameter."""
        source = self._source(name)
        return [] if source is None else [field.name() for field in source.fields()]

    def _source(self, name):
        if self._parameters.get(name) in (None, ""):
            return None
        source = self._algorithm.parameterAsSource(self._parameters, name, self._context)
        if source is None:
            raise QgsProcessingException(self._algorithm.invalidSourceError(self._parameters, name))
        return source

    def _is_partial(self, name):
        """Whether only a part of a layer's features is asked for."""
        value = self._parameters.get(name)
        if not isinstance(value, QgsProcessingFeatureSourceDefinition):
            return False
        return value.selectedFeaturesOnly or value.featureLimit > 0 or bool(getattr(value, "filterExpression", ""))

    def _copy(self, source, path, table):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.stem}.{os.getpid()}.gpkg")
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName, options.fileEncoding = "GPKG", table, "UTF-8"
        # A column `fid` of the layer's own stays what it is.
        options.layerOptions = ["FID=row_of_copy"]
        try:
            writer = QgsVectorFileWriter.create(
                str(beside),
                source.fields(),
                source.wkbType(),
                source.sourceCrs(),
                self._context.transformContext(),
                options,
            )
            if writer.hasError() != WRITER_NO_ERROR:
                raise QgsProcessingException(f"{path} cannot be written: {writer.errorMessage()}")
            for feature in source.getFeatures():
                if self._feedback.isCanceled():
                    raise QgsProcessingException("cancelled")
                if not writer.addFeature(feature, FAST_INSERT):
                    raise QgsProcessingException(f"{path} cannot be written: {writer.errorMessage()}")
            # Only a writer that is gone has written everything.
            del writer
            os.replace(beside, path)
        finally:
            for left in beside.parent.glob(f"{beside.name}*"):
                left.unlink()


def _plain_file(layer):
    """The entry of a layer that is a whole file as QGIS shows it, or `None`."""
    if layer.providerType() != "ogr" or layer.subsetString() or layer.isEditable():
        return None
    provider = layer.dataProvider()
    # Joined and computed fields are the layer's alone.
    if provider.crs() != layer.crs() or provider.fields().names() != layer.fields().names():
        return None
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path = Path(parts.get("path", ""))
    if path.suffix.lower() not in VECTORS or not path.is_file() or parts.get("vsiPrefix"):
        return None
    is_gpkg = path.suffix.lower() == ".gpkg"
    table = parts.get("layerName") or (_only_table(path) if is_gpkg else None)
    if is_gpkg and not table:
        return None
    return Vector(path.resolve().as_posix(), table if is_gpkg else None)


def _only_table(path):
    """The table of a GeoPackage that has one."""
    found = QgsVectorLayer(str(path), "", "ogr").dataProvider().subLayers()
    names = [sub.split("!!::!!")[1] for sub in found if sub.count("!!::!!") > 1]
    return names[0] if len(names) == 1 else None


def _plain(value):
    """An attribute as Python has it; `None` where it is unknown."""
    if value is None or value == NULL:
        return None
    if isinstance(value, QDateTime):
        return value.toString("yyyy-MM-ddTHH:mm:ss")
    if isinstance(value, QDate):
        return value.toString("yyyy-MM-dd")
    return value


def _grid(layer):
    extent = layer.extent()
    return grids.Grid(
        layer.crs().authid() or layer.crs().toWkt(),
        extent.xMinimum(),
        extent.yMaximum(),
        layer.rasterUnitsPerPixelX(),
        layer.rasterUnitsPerPixelY(),
        layer.width(),
        layer.height(),
    )
