//! How a sale is run, through the graph.

pub(crate) mod asking;
