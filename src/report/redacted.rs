//! What may leave the house: a run's grids in coarse cells, and a page of totals.
//!
//! In: the grids that a run wrote, the people of each cell, and totals. Out: grids of cells at least so many metres
//! wide, none of them where fewer than [`FEWEST_PEOPLE`] people live, and `report.html` without a place or a name.
//! What is written is made up of what is listed here; nothing is taken out of an unredacted file.

mod coarse;
mod grids;
mod page;

pub use self::coarse::{Coarse, FEWEST_PEOPLE, Sums};
pub use self::grids::{Shown, write_grids};
pub use self::page::{Page, write_page};
