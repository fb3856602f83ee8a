// Keys are not written.
// expect: mem-map-key-write
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} m SEC(".maps");

static long zero(void *map, u32 *key, u64 *value, u64 *total)
{
	*key = 0;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 total = 0;
	bpf_for_each_map_elem(&m, zero, &total, 0);
	return 0;
}
