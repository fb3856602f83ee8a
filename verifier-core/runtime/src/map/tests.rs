//! Return codes and contents of every kind of map.

use super::*;
use verifier_core::program::record::{Field, FieldInfo, FieldKind, Record};

fn make(t: MapType, key: u32, value: u32, entries: u32) -> Arc<Map> {
    let spec =
        MapSpec { map_type: t as u32, key_size: key, value_size: value, max_entries: entries, ..MapSpec::default() };
    Map::create(&spec, 2, &MapFields::default(), &Site::user(0)).expect("map")
}

/// The first byte of a value.
fn first(at: u64) -> u8 {
    // SAFETY: a value of a map that the test keeps.
    unsafe { (at as *const u8).read() }
}

fn push(m: &Map, value: &[u8], flags: u64) -> MapResult {
    assert_eq!(value.len(), m.spec().value_size as usize);
    // SAFETY: as many bytes as values have.
    unsafe { m.ops().push(value.as_ptr(), flags, &Site::user(0)) }
}

fn next_value(m: &Map, take: bool) -> Result<u8, i32> {
    let mut out = [0u8; 8];
    // SAFETY: values have no more bytes.
    unsafe { if take { m.ops().pop(out.as_mut_ptr()) } else { m.ops().peek(out.as_mut_ptr()) } }.map(|()| out[0])
}

fn put(m: &Map, key: u32, value: u64, flags: u64) -> MapResult {
    m.set(&key.to_ne_bytes(), &value.to_ne_bytes(), flags)
}

fn get(m: &Map, key: u32) -> Option<u64> {
    m.get(&key.to_ne_bytes(), 0).map(|v| u64::from_ne_bytes(v.try_into().expect("8 bytes")))
}

#[test]
fn arrays() {
    let m = make(MapType::Array, 4, 8, 3);
    assert_eq!((get(&m, 0), get(&m, 3)), (Some(0), None));
    assert_eq!((put(&m, 2, 7, 0), put(&m, 2, 8, flag::EXIST), get(&m, 2)), (Ok(()), Ok(()), Some(8)));
    assert_eq!(put(&m, 2, 7, flag::NOEXIST), Err(errno::EEXIST));
    assert_eq!(put(&m, 3, 7, 0), Err(errno::E2BIG));
    assert_eq!((put(&m, 2, 7, 3), m.delete(&[0; 4])), (Err(errno::EINVAL), Err(errno::EINVAL)));
    let m = make(MapType::PercpuArray, 4, 8, 2);
    assert_eq!(m.set(&[0; 4], &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], 0), Ok(()));
    assert_ne!(m.lookup(&[0; 4], 0), m.lookup(&[0; 4], 1));
    assert_eq!((get(&m, 0), m.get(&[0; 4], 1).map(|v| v[0])), (Some(1), Some(2)));
}

#[test]
fn hashes() {
    let m = make(MapType::Hash, 4, 8, 2);
    assert_eq!((get(&m, 5), m.delete(&5u32.to_ne_bytes())), (None, Err(errno::ENOENT)));
    assert_eq!(put(&m, 5, 1, flag::EXIST), Err(errno::ENOENT));
    assert_eq!((put(&m, 5, 1, 0), put(&m, 6, 2, flag::NOEXIST)), (Ok(()), Ok(())));
    assert_eq!((put(&m, 7, 3, 0), put(&m, 5, 1, flag::NOEXIST)), (Err(errno::E2BIG), Err(errno::EEXIST)));
    // A full table can be updated, and who holds the old value keeps it.
    let old = m.lookup(&5u32.to_ne_bytes(), 0).expect("value");
    assert_eq!((put(&m, 5, 9, 0), get(&m, 5), first(old)), (Ok(()), Some(9), 1));
    assert_eq!((put(&m, 6, 8, 0), put(&m, 5, 7, 0), m.len()), (Ok(()), Ok(()), 2));
    assert_eq!((m.delete(&5u32.to_ne_bytes()), put(&m, 7, 3, 0)), (Ok(()), Ok(())));
    assert_eq!((get(&m, 5), get(&m, 6), get(&m, 7), m.entries(0, 9, 9).entries.len()), (None, Some(8), Some(3), 2));
    let m = make(MapType::PercpuHash, 4, 8, 2);
    // SAFETY: a value of 8 bytes.
    assert_eq!(unsafe { m.update(&[1; 4], [7u8; 8].as_ptr(), 0, &Site::user(1)) }, Ok(()));
    assert_eq!(m.get(&[1; 4], 0).map(|v| v[0]), Some(0));
    assert_eq!(m.get(&[1; 4], 1).map(|v| v[0]), Some(7));
}

#[test]
fn many_keys_come_and_go() {
    let m = make(MapType::Hash, 4, 8, 1000);
    for round in 0..5 {
        for k in 0..1000 {
            assert_eq!(put(&m, k * 7919, u64::from(k + round), 0), Ok(()));
        }
        assert!((0..1000).all(|k| get(&m, k * 7919) == Some(u64::from(k + round))));
        for k in (round..1000).step_by(3) {
            assert_eq!(m.delete(&(k * 7919).to_ne_bytes()), Ok(()));
        }
    }
}

#[test]
fn threads_share_a_hash() {
    let m = make(MapType::Hash, 4, 8, 64);
    std::thread::scope(|s| {
        for t in 0..4u32 {
            let m = &m;
            s.spawn(move || {
                for i in 0..20_000u32 {
                    let key = t * 16 + i % 16;
                    assert_eq!(put(m, key, u64::from(i), 0), Ok(()));
                    assert_eq!(get(m, key), Some(u64::from(i)));
                    if i % 5 == 0 {
                        assert_eq!(m.delete(&key.to_ne_bytes()), Ok(()));
                    }
                }
            });
        }
    });
    assert!(m.len() <= 64);
}

#[test]
fn least_recently_used_goes() {
    let m = make(MapType::LruHash, 4, 8, 3);
    for k in 0..3 {
        assert_eq!(put(&m, k, 1, 0), Ok(()));
    }
    assert!(get(&m, 0).is_some() && get(&m, 2).is_some());
    assert_eq!(put(&m, 3, 1, 0), Ok(()));
    assert_eq!((get(&m, 1), m.len()), (None, 3));
    assert!((10..100).all(|k| put(&m, k, 1, 0).is_ok() && get(&m, k).is_some()) && m.len() == 3);
}

#[test]
fn longest_prefix() {
    let m = make(MapType::LpmTrie, 8, 8, 3);
    let key = |len: u32, a: [u8; 4]| [len.to_ne_bytes(), a].concat();
    let put = |len, a, v: u64, f| m.set(&key(len, a), &v.to_ne_bytes(), f);
    let get = |len, a| m.get(&key(len, a), 0).map(|v| v[0]);
    assert_eq!((put(8, [10, 0, 0, 0], 1, 0), put(24, [10, 1, 2, 0], 2, 0)), (Ok(()), Ok(())));
    assert_eq!((get(32, [10, 1, 2, 3]), get(32, [10, 1, 3, 3]), get(32, [11, 0, 0, 0])), (Some(2), Some(1), None));
    assert_eq!((get(16, [10, 1, 2, 3]), get(33, [10, 1, 2, 3])), (Some(1), None));
    assert_eq!((put(0, [9; 4], 3, 0), put(1, [255; 4], 4, 0)), (Ok(()), Err(errno::ENOSPC)));
    assert_eq!(put(24, [10, 1, 2, 77], 5, flag::NOEXIST), Err(errno::EEXIST));
    assert_eq!((put(24, [10, 1, 2, 77], 5, flag::EXIST), get(32, [10, 1, 2, 3])), (Ok(()), Some(5)));
    assert_eq!((put(33, [0; 4], 1, 0), m.delete(&key(9, [10, 0, 0, 0]))), (Err(errno::EINVAL), Err(errno::ENOENT)));
    assert_eq!((m.delete(&key(24, [10, 1, 2, 0])), get(32, [10, 1, 2, 3])), (Ok(()), Some(1)));
}

#[test]
fn queues_stacks_and_filters() {
    for (t, first) in [(MapType::Queue, 1), (MapType::Stack, 2)] {
        let m = make(t, 0, 1, 2);
        assert_eq!((push(&m, &[1], 0), push(&m, &[2], 0), push(&m, &[3], 0)), (Ok(()), Ok(()), Err(errno::E2BIG)));
        assert_eq!(push(&m, &[3], flag::NOEXIST), Err(errno::EINVAL));
        assert_eq!((next_value(&m, false), next_value(&m, true)), (Ok(first), Ok(first)));
        assert!(next_value(&m, true).is_ok() && next_value(&m, true) == Err(errno::ENOENT));
        // A full one gives up its oldest.
        let all = || m.entries(0, 9, 9).entries.into_iter().map(|(_, v)| v[0]).collect::<Vec<_>>();
        assert!((1..=4).all(|n| push(&m, &[n], flag::EXIST).is_ok()));
        assert_eq!(all(), if t == MapType::Queue { [3, 4] } else { [4, 3] });
    }
    let m = make(MapType::BloomFilter, 0, 4, 100);
    assert_eq!((push(&m, &[1; 4], 0), push(&m, &[1; 4], 1)), (Ok(()), Err(errno::EINVAL)));
    // SAFETY: values of four bytes.
    let has = |v: [u8; 4]| unsafe { m.ops().peek(v.as_ptr().cast_mut()) };
    assert_eq!((has([1; 4]), has([9; 4])), (Ok(()), Err(errno::ENOENT)));
}

#[test]
fn rings() {
    let m = make(MapType::Ringbuf, 0, 0, 4096);
    let (ring, user) = (m.ring().expect("ring"), Site::user(0));
    // SAFETY: so many bytes.
    let output = |b: &[u8]| unsafe { ring.output(b.as_ptr(), b.len() as u64, 0, &user) };
    assert_eq!((output(&[5; 100]), output(&[5; 4096])), (Ok(()), Err(errno::EAGAIN)));
    let (a, b) = (ring.reserve(16, &user).expect("room"), ring.reserve(8, &user).expect("room"));
    // SAFETY: samples that were just reserved.
    unsafe { commit(b, false) };
    assert_eq!((ring.take(3), ring.take(3)), (Some(Taken { bytes: vec![5; 3], len: 100 }), None));
    assert_eq!(ring.query(0), 24 + 16);
    // SAFETY: as above. What was ended stays as it was ended.
    unsafe {
        commit(a, true);
        commit(a, false);
    }
    assert_eq!((ring.take(9).map(|t| t.bytes), ring.query(0), ring.query(1)), (Some(vec![0; 8]), 0, 4096));
    // Round and round, over the end.
    for i in 0..200u8 {
        assert_eq!((output(&[i; 333]), ring.take(400).map(|t| t.bytes)), (Ok(()), Some(vec![i; 333])));
    }
}

#[test]
fn slots_owners_and_maps_of_maps() {
    let m = make(MapType::Devmap, 4, 4, 4);
    let set = |k: u32, flags| m.set(&k.to_ne_bytes(), &9u32.to_ne_bytes(), flags);
    assert_eq!((m.lookup(&[0; 4], 0), set(4, 0), set(0, flag::NOEXIST)), (None, Err(errno::E2BIG), Err(errno::EEXIST)));
    assert_eq!((set(0, 0), m.delete(&[0; 4]), m.delete(&[0; 4])), (Ok(()), Ok(()), Ok(())));
    let m = make(MapType::SkStorage, 4, 8, 0);
    // SAFETY: no initial value.
    let owned = |owner, create| unsafe { m.ops().owned(owner, std::ptr::null(), create, &Site::user(0)) };
    assert_eq!(owned(1, false), None);
    let (first, new) = owned(1, true).expect("value");
    assert!(new && owned(1, true) == Some((first, false)) && owned(2, true).map(|v| v.0) != Some(first));
    let disown = || m.ops().delete(&1u64.to_ne_bytes());
    assert_eq!((disown(), disown()), (Ok(()), Err(errno::ENOENT)));
    let m = make(MapType::HashOfMaps, 4, 4, 1);
    let inner = make(MapType::Array, 4, 8, 1);
    assert_eq!((m.set_map(&[1; 4], inner.clone(), 0), m.lookup(&[1; 4], 0)), (Ok(()), Some(inner.address())));
    assert_eq!((m.set_map(&[2; 4], inner, 0), m.delete(&[2; 4])), (Err(errno::E2BIG), Err(errno::ENOENT)));
}

/// A value of 24 bytes: a pointer, a lock, and a number.
fn with_fields(t: MapType) -> Arc<Map> {
    let field = |offset, size, kind| Field { offset, size, kind, info: FieldInfo::Plain };
    let fields = vec![field(0, 8, FieldKind::KPTR_REF), field(8, 4, FieldKind::SPIN_LOCK)];
    let record = Record { mask: FieldKind::KPTR_REF | FieldKind::SPIN_LOCK, fields };
    let fields = MapFields { own: Some(Arc::new(record)), inner: None };
    let spec = MapSpec { map_type: t as u32, key_size: 4, value_size: 24, max_entries: 2, ..MapSpec::default() };
    Map::create(&spec, 1, &fields, &Site::user(0)).expect("map")
}

#[test]
fn no_update_makes_a_pointer() {
    let bytes: Vec<u8> = (1..=24).collect();
    for t in [MapType::Array, MapType::Hash] {
        let m = with_fields(t);
        let word = |at: u64, off: u64| {
            // SAFETY: a value of the map.
            unsafe { ((at + off) as *mut u64).read() }
        };
        for round in 0..5 {
            assert_eq!(m.set(&[0; 4], &bytes, if round == 3 { flag::LOCK } else { 0 }), Ok(()));
            let at = m.lookup(&[0; 4], 0).expect("value");
            assert_eq!((word(at, 0), word(at, 8) as u32), (0, 0), "{t:?}");
            assert_eq!(word(at, 16).to_ne_bytes(), bytes[16..]);
            // What a program puts there goes with the value, unless the value stays where it is with its lock held.
            if round != 2 {
                // SAFETY: as above.
                unsafe { (at as *mut u64).write(0xdead) };
            }
            assert_eq!(m.get(&[0; 4], 0).expect("value")[..8], [0; 8]);
        }
        let at = m.lookup(&[0; 4], 0).expect("value");
        if t == MapType::Hash {
            assert_eq!((m.delete(&[0; 4]), word(at, 0)), (Ok(()), 0));
        }
    }
    // Without a lock, the flag is refused; a table that evicts knows no locks.
    let (plain, lru) = (make(MapType::Hash, 4, 24, 2), make(MapType::LruHash, 4, 24, 2));
    assert_eq!((plain.set(&[0; 4], &bytes, flag::LOCK), lru.set(&[0; 4], &bytes, flag::LOCK)), (Err(22), Err(22)));
}

#[test]
fn maps_take_what_is_touched() {
    use std::cell::Cell;
    let taken = Cell::new(0u64);
    let grow = |n: u64| {
        taken.set(taken.get() + n);
        taken.get() <= 1 << 20
    };
    let site = Site::new(0, &grow);
    let spec = |t: MapType, value_size, max_entries| MapSpec {
        map_type: t as u32,
        key_size: match t {
            MapType::Queue | MapType::Ringbuf | MapType::BloomFilter => 0,
            MapType::LpmTrie => 8,
            _ => 4,
        },
        value_size,
        max_entries,
        ..MapSpec::default()
    };
    let large = [
        spec(MapType::Array, 8, 1 << 30),
        spec(MapType::Hash, 100, 1 << 26),
        spec(MapType::LpmTrie, 100, 1 << 26),
        spec(MapType::Queue, 100, 1 << 26),
        spec(MapType::Ringbuf, 0, 1 << 30),
        spec(MapType::BloomFilter, 8, 1 << 31),
    ];
    for spec in &large {
        taken.set(0);
        let m = Map::create(spec, 1, &MapFields::default(), &site).expect("map");
        assert_eq!(taken.get(), 0, "{spec:?}");
        // Until it is refused, and not much longer than that.
        let mut value = vec![1u8; spec.value_size as usize];
        for n in 0u32..1 << 20 {
            value.iter_mut().zip(n.to_ne_bytes()).for_each(|(v, b)| *v = b);
            let key = match m.spec().key_size {
                8 => [32u32.to_ne_bytes(), n.to_ne_bytes()].concat(),
                _ => (n * 4099).to_ne_bytes().to_vec(),
            };
            // SAFETY: as many bytes as values have.
            let result = unsafe {
                match m.map_type() {
                    MapType::Queue | MapType::BloomFilter => m.ops().push(value.as_ptr(), 0, &site),
                    MapType::Ringbuf => m.ring().expect("ring").reserve(4000, &site).map(|_| ()).ok_or(0),
                    _ => m.update(&key, value.as_ptr(), 0, &site),
                }
            };
            if result.is_err() {
                break;
            }
        }
        assert!(taken.get() > 1 << 20 && taken.get() < 2 << 20, "{spec:?}: {}", taken.get());
        assert!(m.entries(0, 3, 8).entries.len() <= 3);
    }
    let too_large = Map::create(&spec(MapType::Hash, 1 << 28, 1 << 30), 1, &MapFields::default(), &site);
    assert!(too_large.expect_err("too large").to_string().contains("bytes"));
}

#[test]
fn threads_share_every_kind() {
    let kinds = [MapType::Hash, MapType::LruHash, MapType::PercpuHash, MapType::LpmTrie, MapType::Array];
    for t in kinds {
        let m = make(t, if t == MapType::LpmTrie { 8 } else { 4 }, 16, 32);
        let key = |n: u32| match t {
            MapType::LpmTrie => [32u32.to_ne_bytes(), n.to_be_bytes()].concat(),
            _ => n.to_ne_bytes().to_vec(),
        };
        std::thread::scope(|s| {
            for thread in 0..4u64 {
                let (m, key) = (&m, &key);
                s.spawn(move || {
                    for i in 0..5_000u64 {
                        let k = key(((thread * 7 + i) % 40) as u32);
                        let site = Site::user((thread % 2) as u32);
                        match i % 4 {
                            // SAFETY: 16 bytes. A full table and a key that is gone are no surprise here.
                            0 | 1 => drop(unsafe { m.update(&k, [i, i].as_ptr().cast(), 0, &site) }),
                            2 => drop(m.delete(&k)),
                            _ => drop(m.get(&k, 0)),
                        }
                        if i % 512 == 0 {
                            assert!(m.entries(0, 100, 16).entries.len() <= 48);
                        }
                    }
                });
            }
        });
        assert!(m.len() <= 32 && m.entries(0, 100, 16).entries.len() as u64 <= m.len());
    }
}
