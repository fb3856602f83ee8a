// The callback gets map, key, value and context.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} m SEC(".maps");

static long sum(void *map, u32 *key, u64 *value, u64 *total)
{
	*total += *value + *key;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 total = 0;
	bpf_for_each_map_elem(&m, sum, &total, 0);
	return total > 100;
}
