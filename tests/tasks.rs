//! Tasks: what a piece of ground holds, against numbers worked by hand, other algorithms and real polygons.

mod common;

mod tasks {
    mod coverage;
    mod doboj;
    mod grow;
    mod kit;
    mod order;
    mod outline;
    mod parcels;
    mod places;
    mod prior;
    mod repair;
    mod sampled;
    mod split;
    mod survey;
    mod zonal;
}
