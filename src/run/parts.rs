//! One score shared among processes that hand each other arrays and counts: what `clearway.dask` is made of.
//!
//! In: a project file, or settings and the cells of one part of each layer ([`PartSource`]). Out: planes of that part and
//! what was counted ([`Counted`]), as bytes. As with shards nobody schedules anything here; unlike them nothing lies on
//! disk, and the caller says beforehand what he will hand over when: a fixed list of rounds ([`Layout`]), some of which
//! have nothing to do in most scores.
//!
//! ```text
//! PartScene::open → layout                 once: rounds, planes, what each round reads
//! for each round:  walk(part) …            for every part, anywhere, in any order, twice if need be
//!                  Counted::add … → after  what all have counted; which steps are next
//! after the last:  after → Summary
//! ```
//!
//! A part is any rectangle that begins at whole blocks of a survey ([`SURVEY_BLOCK`](crate::layers::SURVEY_BLOCK)), so
//! that sums of a layer have one order; with layers that are made before scoring it is whole rows.

mod counted;
mod held;
mod rounds;
mod scene;

pub use counted::Counted;
pub use rounds::{Layout, Round};
pub use scene::{After, PartScene, PartSource, Walk, Walked};
