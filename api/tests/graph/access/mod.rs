//! Who may take part, through the graph.
