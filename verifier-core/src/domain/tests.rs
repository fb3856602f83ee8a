//! Operators against their meaning.
