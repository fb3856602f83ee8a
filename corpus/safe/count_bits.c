// The number of set bits.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[33]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, n = skb->hash;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	n = n - ((n >> 1) & 0x55555555);
	n = (n & 0x33333333) + ((n >> 2) & 0x33333333);
	n = (n + (n >> 4)) & 0x0f0f0f0f;
	n = (n * 0x01010101) >> 24;
	v->slots[n]++;
	return 0;
}
