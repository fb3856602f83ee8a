//! Maps under threads: several look up, change, remove and visit at once, as users and as programs do. No thread sees a
//! value that nobody put there, and under ThreadSanitizer (`make tsan`) there is no race.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use verifier_core::kernel::MapType;
use verifier_runtime::Vm;
use verifier_runtime::map::{Map, Site};

use super::{Ended, in_memory, maps};
use crate::mutate::Rng;

const THREADS: u64 = 4;
/// Operations of one thread in one case.
const STEPS: usize = 400;
/// Keys that threads meet at.
const KEYS: usize = 6;

/// A value: one word twice. The two halves may be of different writers, as in the kernel, but each is whole.
fn value(rng: &mut Rng) -> Vec<u8> {
    let word = 0x5a00_0000_0000_0000u64 | rng.below(1 << 20) as u64;
    [word.to_ne_bytes(), word.to_ne_bytes()].concat()
}

/// Whether words are such as [`value`] makes, or zero, as of an entry that was just removed.
fn whole(bytes: &[u8]) -> bool {
    bytes.as_chunks::<8>().0.iter().map(|w| u64::from_ne_bytes(*w)).all(|w| w == 0 || w >> 56 == 0x5a)
}

fn key(rng: &mut Rng, map: &Map) -> Vec<u8> {
    let mut key = vec![0; map.spec().key_size as usize];
    let n = rng.below(KEYS) as u8;
    match map.map_type() {
        // A length in bits before what is matched.
        MapType::LpmTrie => (key[0], key[7]) = (rng.pick(&[0, 8, 32]), n),
        _ => key.iter_mut().take(1).for_each(|b| *b = n),
    }
    key
}

/// One operation.
fn step(rng: &mut Rng, map: &Map, seen: &AtomicU64) -> Result<(), String> {
    let torn = |bytes: &[u8]| Err(format!("{}: a value that nobody put there: {bytes:x?}", map.map_type().name()));
    let (cpu, key) = (rng.below(map.cpus() as usize) as u32, key(rng, map));
    let (size, held) = (map.spec().value_size as usize, map.spec().value_size == 16);
    let put = if held { value(rng) } else { vec![1; size] };
    match rng.below(10) {
        0..=3 => {
            if let Some(bytes) = map.get(&key, cpu).filter(|_| held) {
                seen.fetch_add(1, Ordering::Relaxed);
                if !whole(&bytes) {
                    return torn(&bytes);
                }
            }
        }
        4 | 5 => {
            // What a map does not allow is an error number.
            let _ = map.set(&key, &put, [0, 0, 1, 2][rng.below(4)]);
        }
        6 => {
            // SAFETY: as many bytes as a value has.
            let _ = unsafe { map.update(&key, put.as_ptr(), 0, &Site::user(cpu)) };
        }
        7 => {
            let _ = map.delete(&key);
        }
        8 => {
            for (_, bytes) in map.entries(cpu, 64, usize::MAX).entries {
                if held && !whole(&bytes) {
                    return torn(&bytes);
                }
            }
        }
        _ if map.spec().key_size == 0 && held => {
            let mut to = [0u64; 2];
            // SAFETY: as many bytes as a value has.
            let _ = unsafe {
                match rng.below(3) {
                    0 => map.ops().push(put.as_ptr(), [0, 2][rng.below(2)], &Site::user(0)),
                    1 if map.map_type() != MapType::BloomFilter => map.ops().pop(to.as_mut_ptr().cast()),
                    _ if map.map_type() != MapType::BloomFilter => map.ops().peek(to.as_mut_ptr().cast()),
                    _ => Ok(()),
                }
            };
            let bytes: Vec<u8> = to.iter().flat_map(|w| w.to_ne_bytes()).collect();
            if !whole(&bytes) {
                return torn(&bytes);
            }
        }
        _ => {
            let _ = (map.take_sample(usize::MAX), map.len());
        }
    }
    Ok(())
}

/// Cases from a seed up to another: one map of each kind, and threads that use it.
///
/// # Errors
/// A value that nobody put there.
pub fn cases(from: u64, to: u64) -> Result<Ended, String> {
    let specs = maps(1);
    let mut ended = Ended::default();
    for seed in from..to {
        let spec = specs[seed as usize % specs.len()].clone();
        let mut vm = Vm::new(2);
        vm.create_maps(&[spec]).map_err(|e| e.to_string())?;
        let map: Arc<Map> = vm.maps().next().cloned().ok_or("no map")?;
        let (seen, wrong, stop) = (AtomicU64::new(0), Mutex::new(None), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (map, seen, wrong, stop) = (&map, &seen, &wrong, &stop);
                scope.spawn(move || {
                    let mut rng = Rng::new(&[seed, thread, 13]);
                    for _ in 0..STEPS {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        if let Err(e) = step(&mut rng, map, seen) {
                            stop.store(true, Ordering::Relaxed);
                            *wrong.lock().unwrap_or_else(|p| p.into_inner()) = Some(e);
                        }
                    }
                });
            }
        });
        if let Some(e) = wrong.into_inner().unwrap_or_else(|p| p.into_inner()) {
            return Err(format!("seed {seed}: {e}"));
        }
        ended.cases += 1;
        ended.ran += u64::from(seen.load(Ordering::Relaxed) > 0);
    }
    in_memory()?;
    Ok(ended)
}
