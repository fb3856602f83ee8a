// A map in the old form, which libbpf gave up in 1.0.
#include "bpf.h"
LICENSE("GPL");
static void *(*lookup)(void *, const void *) = (void *)1;
struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def SEC("maps") counters = { ARRAY, 4, 8, 4, 0 };
SEC("xdp") int count(void *ctx) { u32 key = 0; u64 *n = lookup(&counters, &key); if (n) *n += 1; return 2; }
