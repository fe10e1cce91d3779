//! The real layers, against values read with GDAL 3.6.2.

use clearway::grid::{Cells, Window, is_unknown};
use clearway::io::geotiff::{GeoTiff, SampleType};

use crate::common::shared_data;
