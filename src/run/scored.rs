//! The planes that scoring has made: at hand where a batch keeps them, otherwise in the grids that were written.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::grid::{CellStore, Cells, Window};
use crate::io::geotiff::GeoTiff;
use crate::io::scratch::Scratch;
use crate::report::grids::{GridWriters, grids};
use crate::score::{FirstPass, Inputs, Plane, PlaneSink};

/// Planes in memory or in scratch files.
pub type AtHand = Vec<(Plane, Arc<dyn Cells>)>;

/// The planes of a run that has scored.
#[derive(Clone, Default)]
pub struct Scored {
    /// Those that need not be read from files. Cost is not masked: it counts only where all planes are known.
    pub at_hand: AtHand,
    /// Where the grids of all others lie.
    pub folder: PathBuf,
}

impl Scored {
    /// A plane.
    pub fn plane(&self, plane: Plane) -> Result<Arc<dyn Cells>> {
        match self.at_hand(plane) {
            Some(cells) => Ok(Arc::clone(cells)),
            None => {
                let grid = grids(true).find(|grid| grid.plane == plane).expect("every plane has its grid");
                Ok(Arc::new(GeoTiff::open(&self.folder.join(grid.name), 1)?))
            }
        }
    }

    /// A plane that need not be read from a file.
    pub fn at_hand(&self, plane: Plane) -> Option<&Arc<dyn Cells>> {
        self.at_hand.iter().find(|(of, _)| *of == plane).map(|(_, cells)| cells)
    }
}

/// Takes planes from scoring: into the grids that are written, and into those that are kept.
pub struct Keeping {
    /// Grids.
    pub writers: GridWriters,
    kept: Vec<(Plane, Arc<dyn CellStore>)>,
}

impl Keeping {
    /// Keeps planes on the frame of `inputs`.
    pub fn new(
        writers: GridWriters,
        planes: &[Plane],
        inputs: &Inputs<'_>,
        scratch: &Scratch,
    ) -> Result<Self> {
        let store = |&plane: &Plane| -> Result<(Plane, Arc<dyn CellStore>)> {
            Ok((plane, Arc::from(scratch.plane(inputs.frame)?)))
        };
        Ok(Self { writers, kept: planes.iter().map(store).collect::<Result<_>>()? })
    }

    /// The grids, and what was kept, together with what the first pass has kept.
    pub fn into_parts(self, first_pass: Option<&FirstPass>) -> (GridWriters, AtHand) {
        let of_first = first_pass.and_then(FirstPass::planes);
        let of_first = of_first
            .into_iter()
            .flat_map(|planes| [Plane::Exposure, Plane::PeopleAtRisk].into_iter().zip(planes));
        let kept = self.kept.into_iter().map(|(plane, store)| (plane, store as Arc<dyn Cells>));
        (self.writers, kept.chain(of_first).collect())
    }
}

impl PlaneSink for Keeping {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        self.put_all(window, &[(plane, values)])
    }

    fn put_all(&mut self, window: Window, planes: &[(Plane, &[f32])]) -> Result<()> {
        for (plane, values) in planes {
            if let Some((_, store)) = self.kept.iter().find(|(kept, _)| kept == plane) {
                store.write(window, values)?;
            }
        }
        self.writers.put_all(window, planes)
    }
}
