// A map of maps that does not say what its inner maps are.
#include "bpf.h"
LICENSE("GPL");
struct { __uint(type, ARRAY_OF_MAPS); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } outer SEC(".maps");
SEC("xdp") int look(struct xdp_md *ctx) { u32 key = 0; return bpf_map_lookup_elem(&outer, &key) ? 2 : 1; }
