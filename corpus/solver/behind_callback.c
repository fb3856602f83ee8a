// The number that a loop by callback leaves is used as an index.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

static long each(u32 i, u32 *n)
{
	*n += 1;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, n = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	bpf_loop(skb->mark & 31, each, &n, 0);
	v->slots[n]++;
	return 0;
}
