//! Kernel functions: flags and the program types that may call them.
