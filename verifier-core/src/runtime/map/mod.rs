//! Maps as programs and their users see them.

use std::sync::Arc;

use crate::kernel::MapType;
use crate::program::MapSpec;

use super::cx::Cx;
use super::memory::{Region, RegionKind, Reservation};

/// Why a map cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("map `{map}`: {what}")]
pub struct MapError {
    /// Name.
    pub map: String,
    /// Reason.
    pub what: String,
}

/// Bytes that the values of one map may take.
const MAX_BYTES: u64 = 1 << 32;

/// Where the values of an array lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayLayout {
    /// Address of the first value.
    pub base: u64,
    /// Bytes from one value to the next.
    pub stride: u32,
    /// Values.
    pub max_entries: u32,
}

/// A map. Programs hold its address.
#[derive(Debug)]
pub struct Map {
    spec: MapSpec,
    map_type: MapType,
    values: Reservation,
}

impl Map {
    /// Makes a map.
    ///
    /// # Errors
    /// What is wrong with it, or not modelled.
    pub fn create(spec: &MapSpec, cpus: u32) -> Result<Arc<Map>, MapError> {
        let fail = |what: &str| MapError { map: spec.name.clone(), what: what.into() };
        let map_type = MapType::from_number(spec.map_type).ok_or_else(|| fail("unknown type"))?;
        let bytes = u64::from(spec.max_entries) * u64::from(spec.value_size.next_multiple_of(8)) * u64::from(cpus);
        let bytes = usize::try_from(bytes).ok().filter(|b| *b as u64 <= MAX_BYTES).ok_or_else(|| fail("too large"))?;
        let values = Reservation::new(bytes).map_err(|e| fail(&e.to_string()))?;
        if let Some(v) = &spec.value {
            values.write(0, v);
        }
        Ok(Arc::new(Map { spec: spec.clone(), map_type, values }))
    }

    /// What it was made from.
    pub fn spec(&self) -> &MapSpec {
        &self.spec
    }

    /// Its type.
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The address that programs know it by.
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// Address of a byte of the value of a one-entry array.
    pub fn direct_value(&self, off: u32) -> Option<u64> {
        let fits = self.map_type == MapType::Array && self.spec.max_entries == 1 && off < self.spec.value_size;
        fits.then(|| self.values.address() + u64::from(off))
    }

    /// Memory of values, for checked mode.
    pub fn regions(&self) -> Vec<Region> {
        let kind = RegionKind::MapValue(self.spec.name.clone());
        let stride = u64::from(self.spec.value_size.next_multiple_of(8));
        let len = stride * u64::from(self.spec.max_entries);
        vec![Region { kind, start: self.values.address(), len, object: stride, writable: true }]
    }

    /// Where values lie, for arrays that are not per CPU.
    pub fn array_layout(&self) -> Option<ArrayLayout> {
        (self.map_type == MapType::Array).then(|| ArrayLayout {
            base: self.values.address(),
            stride: self.spec.value_size.next_multiple_of(8),
            max_entries: self.spec.max_entries,
        })
    }
}

/// Looks a tail call up and enters its program.
pub(super) fn tail_call(cx: &mut Cx<'_>, map: u64, index: u32) -> bool {
    let _ = (cx, map, index);
    false
}
