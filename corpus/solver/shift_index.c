// A hash is shifted by one bit too few.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[256]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	v->slots[(skb->hash * 2654435761u) >> 23]++;
	return 0;
}
