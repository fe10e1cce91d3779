//! Public instances with known best values.
