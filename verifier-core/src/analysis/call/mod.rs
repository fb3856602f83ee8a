//! Calls: helpers, local functions, callbacks.

pub(crate) mod meta;
