//! Helper functions: numbers, names, prototypes, and which program may call which.
