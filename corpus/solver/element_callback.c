// Each element is looked at beyond its size.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 n; u8 bytes[28]; };
struct { __uint(type, HASH); __uint(max_entries, 8); __type(key, u32); __type(value, struct value); } counts SEC(".maps");

static long each(void *map, u32 *key, struct value *v, u32 *sum)
{
	*sum += v->bytes[v->n & 31];
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 sum = 0;

	bpf_for_each_map_elem(&counts, each, &sum, 0);
	return sum;
}
