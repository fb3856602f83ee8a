//! Shared pieces of the test runners.
