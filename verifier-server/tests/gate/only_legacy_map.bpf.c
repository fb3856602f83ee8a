// A map in the old form, and no program at all.
#include "bpf.h"
LICENSE("GPL");
struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def SEC("maps") counters = { ARRAY, 4, 8, 4, 0 };
