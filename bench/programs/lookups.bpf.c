/* 128 lookups in maps of each kind that hold the keys 0 to 1023; one in eight is of a key that is not there. */
#include "bench.h"

#define MAP(kind, map_name) \
	struct { __uint(type, kind); __uint(max_entries, 1024); __type(key, u32); __type(value, u64); } map_name SEC(".maps")

MAP(2, array);
MAP(1, hash);
MAP(6, percpu_array);
MAP(5, percpu_hash);
MAP(9, lru_hash);

struct prefix { u32 bits, address; };
struct {
	__uint(type, 11);
	__uint(max_entries, 1024);
	__uint(map_flags, 1);
	__type(key, struct prefix);
	__type(value, u64);
} lpm_trie SEC(".maps");

#define LOOKUPS(name) \
	SEC("xdp") int look_##name(struct xdp_md *ctx) \
	{ \
		u32 key = ctx->ingress_ifindex; \
		u64 sum = 0; \
		for (int i = 0; i < 128; i++) { \
			u32 at = key & 7 ? key & 1023 : 5000; \
			u64 *v = bpf_map_lookup_elem(&name, &at); \
			if (v) \
				sum += *v; \
			key += 37; \
		} \
		return sum; \
	}

LOOKUPS(array)
LOOKUPS(hash)
LOOKUPS(percpu_array)
LOOKUPS(percpu_hash)
LOOKUPS(lru_hash)

SEC("xdp")
int look_lpm_trie(struct xdp_md *ctx)
{
	u32 key = ctx->ingress_ifindex;
	u64 sum = 0;

	for (int i = 0; i < 128; i++) {
		struct prefix at = { 32, key & 7 ? key & 1023 : 5000 };
		u64 *v = bpf_map_lookup_elem(&lpm_trie, &at);
		if (v)
			sum += *v;
		key += 37;
	}
	return sum;
}
