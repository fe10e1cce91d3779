"""Parameters in one line each: a label with its unit, a help text, and where it stands in the dialog."""

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from .enums import ADVANCED, DATE_ONLY, FIELD_ANY, FILE_FILE, FILE_FOLDER, NUMBER_DOUBLE, NUMBER_INTEGER


def helped(parameter, text, advanced=False):
    """A parameter with its help text."""
    parameter.setHelp(text)
    if advanced:
        parameter.setFlags(parameter.flags() | ADVANCED)
    return parameter


def number(name, label, text, default=None, minimum=None, maximum=None, *, optional=False, advanced=False):
    """A number with decimals."""
    limits = {}
    if minimum is not None:
        limits["minValue"] = minimum
    if maximum is not None:
        limits["maxValue"] = maximum
    parameter = QgsProcessingParameterNumber(
        name, label, type=NUMBER_DOUBLE, defaultValue=default, optional=optional, **limits
    )
    return helped(parameter, text, advanced)


def whole(name, label, text, default=None, minimum=0, *, optional=False, advanced=False):
    """A whole number."""
    parameter = QgsProcessingParameterNumber(
        name, label, type=NUMBER_INTEGER, defaultValue=default, optional=optional, minValue=minimum
    )
    return helped(parameter, text, advanced)


def choice(name, label, text, words, default, *, advanced=False):
    """One of several words."""
    parameter = QgsProcessingParameterEnum(name, label, options=words, defaultValue=default, usesStaticStrings=True)
    return helped(parameter, text, advanced)


def flag(name, label, text, default, *, advanced=False):
    """Yes or no."""
    return helped(QgsProcessingParameterBoolean(name, label, defaultValue=default), text, advanced)


def line(name, label, text, default="", *, optional=True, multi_line=False, advanced=False):
    """A text."""
    parameter = QgsProcessingParameterString(name, label, defaultValue=default, optional=optional, multiLine=multi_line)
    return helped(parameter, text, advanced)


def file(name, label, text, extension, *, optional=False, advanced=False):
    """A file that is there."""
    parameter = QgsProcessingParameterFile(name, label, behavior=FILE_FILE, extension=extension, optional=optional)
    return helped(parameter, text, advanced)


def folder(name, label, text, *, optional=False, advanced=False):
    """A folder that is there."""
    return helped(QgsProcessingParameterFile(name, label, behavior=FILE_FOLDER, optional=optional), text, advanced)


def raster(name, label, text, *, optional=False, advanced=False):
    """A raster layer."""
    return helped(QgsProcessingParameterRasterLayer(name, label, optional=optional), text, advanced)


def features(name, label, text, kinds, *, optional=False, advanced=False):
    """A vector layer or its selected features; or a table."""
    return helped(QgsProcessingParameterFeatureSource(name, label, kinds, optional=optional), text, advanced)


def column(name, label, text, parent, *, advanced=False):
    """A column of the layer that another parameter names; may be left empty."""
    parameter = QgsProcessingParameterField(name, label, parentLayerParameterName=parent, type=FIELD_ANY, optional=True)
    return helped(parameter, text, advanced)


def date(name, label, text, *, optional=False):
    """A day."""
    return helped(QgsProcessingParameterDateTime(name, label, type=DATE_ONLY, optional=optional), text)
