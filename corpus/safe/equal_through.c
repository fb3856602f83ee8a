// Two numbers are equal, one of them is bounded.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, a = skb->hash, b = skb->mark;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v || a - b != 3)
		return 0;
	if (b > 12)
		return 0;
	v->slots[a]++;
	return 0;
}
