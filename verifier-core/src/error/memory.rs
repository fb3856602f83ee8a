//! Messages about loads, stores, the stack, packets, map values, contexts and kernel types.

rows! {
    /// Messages about loads, stores, the stack, packets, map values, contexts and kernel types.
    pub enum MemoryMsg {
        /// The access does not stay inside the map's value. Usually an index was not compared with the size, or the
        /// comparison was made on another copy of the index. Check both bounds right before the access.
        ["mem-map-value-range", MemorySafety]
        MapValueRange { value_size: u32, off: i64, size: u32 } => "invalid access to map value, value_size={value_size} off={off} size={size}\n";
    }
}
