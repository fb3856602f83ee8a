//! What BTF does not hold: one table per fact, each with its evidence.
