//! Well-known binary (ISO and the extended form of PostGIS) ↔ geometry, x and y only.
//!
//! A count is believed only as far as the bytes that are there: 10^8 points declared in 100 bytes are a fault, not
//! an allocation.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon};
use geo::{Point, Polygon};
use geozero::{CoordDimensions, ToWkb};

use super::limits::MAX_DEPTH;

/// What was found instead of a geometry.
type Parsed<T> = Result<T, String>;

/// The bytes of a geometry, ISO, little-endian.
pub fn bytes_of(geometry: &Geometry<f64>) -> Parsed<Vec<u8>> {
    geometry.to_wkb(CoordDimensions::xy()).map_err(|error| error.to_string())
}

/// Reads one geometry; `None` for an empty one. What is wrong comes back as what was found instead.
pub fn geometry_of(bytes: &[u8]) -> Parsed<Option<Geometry<f64>>> {
    Reader { bytes, is_little: true }.geometry(0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Reader<'_> {
    fn geometry(&mut self, depth: usize) -> Parsed<Option<Geometry<f64>>> {
        if depth > MAX_DEPTH {
            return Err("geometries nested too deeply".to_owned());
        }
        self.is_little = self.take::<1>()?[0] != 0;
        let code = self.u32()?;
        // PostGIS marks z, m and the CRS in the upper bits, ISO counts by thousands.
        if code & 0x2000_0000 != 0 {
            self.u32()?;
        }
        let (kind, form) = (code & 0x0FFF_FFFF, code >> 30);
        let (kind, form) =
            if form > 0 { (kind, form) } else { (kind % 1000, [0, 1, 1, 3][(kind / 1000 % 4) as usize]) };
        let n_numbers = 2 + form.count_ones() as usize;
        Ok(match kind {
            1 => self.point(n_numbers)?.map(|at| Geometry::Point(Point(at))),
            2 => filled(self.line(n_numbers)?).map(Geometry::LineString),
            3 => self.polygon(n_numbers)?.map(Geometry::Polygon),
            4 => some(self.members(depth, |geometry| match geometry {
                Geometry::Point(point) => Some(point),
                _ => None,
            })?)
            .map(|points| Geometry::MultiPoint(MultiPoint(points))),
            5 => some(self.members(depth, |geometry| match geometry {
                Geometry::LineString(line) => Some(line),
                _ => None,
            })?)
            .map(|lines| Geometry::MultiLineString(MultiLineString(lines))),
            6 => some(self.members(depth, |geometry| match geometry {
                Geometry::Polygon(polygon) => Some(polygon),
                _ => None,
            })?)
            .map(|polygons| Geometry::MultiPolygon(MultiPolygon(polygons))),
            7 => some(self.members(depth, Some)?)
                .map(|members| Geometry::GeometryCollection(GeometryCollection(members))),
            8..=14 => {
                return Err("a curve; `ogr2ogr -nlt CONVERT_TO_LINEAR OUT IN` makes lines of it".to_owned());
            }
            15..=17 => return Err("a surface in space; flatten it to polygons".to_owned()),
            other => return Err(format!("a geometry of kind {other}")),
        })
    }

    fn members<T>(&mut self, depth: usize, pick: impl Fn(Geometry<f64>) -> Option<T>) -> Parsed<Vec<T>> {
        // A member takes 9 bytes at least: byte order, kind, count.
        let count = self.count(9)?;
        let mut members = Vec::new();
        for _ in 0..count {
            if let Some(geometry) = self.geometry(depth + 1)? {
                members.push(pick(geometry).ok_or("a member of another kind")?);
            }
        }
        Ok(members)
    }

    fn polygon(&mut self, n_numbers: usize) -> Parsed<Option<Polygon<f64>>> {
        let count = self.count(4)?;
        let mut rings = Vec::new();
        for _ in 0..count {
            rings.push(self.line(n_numbers)?);
        }
        let mut rings = rings.into_iter();
        Ok(rings.next().map(|outer| Polygon::new(outer, rings.collect())))
    }

    fn line(&mut self, n_numbers: usize) -> Parsed<LineString<f64>> {
        let count = self.count(8 * n_numbers)?;
        let mut points = Vec::with_capacity(count);
        for _ in 0..count {
            points.push(self.coord(n_numbers)?);
        }
        Ok(LineString(points))
    }

    /// A point; the empty one is written as NaN.
    fn point(&mut self, n_numbers: usize) -> Parsed<Option<Coord<f64>>> {
        let at = self.coord(n_numbers)?;
        Ok((!(at.x.is_nan() && at.y.is_nan())).then_some(at))
    }

    fn coord(&mut self, n_numbers: usize) -> Parsed<Coord<f64>> {
        let at = Coord { x: self.f64()?, y: self.f64()? };
        for _ in 2..n_numbers {
            self.f64()?;
        }
        Ok(at)
    }

    /// A number of things of `least` bytes each; the rest of the bytes must be able to hold them.
    fn count(&mut self, least: usize) -> Parsed<usize> {
        let count = self.u32()? as usize;
        match count.checked_mul(least) {
            Some(needed) if needed <= self.bytes.len() => Ok(count),
            _ => Err(format!("{count} parts declared in {} bytes", self.bytes.len())),
        }
    }

    fn u32(&mut self) -> Parsed<u32> {
        let bytes = self.take::<4>()?;
        Ok(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(&mut self) -> Parsed<f64> {
        let bytes = self.take::<8>()?;
        Ok(if self.is_little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn take<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk().ok_or("a geometry cut short")?;
        self.bytes = tail;
        Ok(*head)
    }
}

fn some<T>(members: Vec<T>) -> Option<Vec<T>> {
    (!members.is_empty()).then_some(members)
}

fn filled(line: LineString<f64>) -> Option<LineString<f64>> {
    (!line.0.is_empty()).then_some(line)
}
