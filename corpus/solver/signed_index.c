// The index is below the size, and may be negative.
// expect: ptr-offset-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	int n = skb->mark - 8;

	if (!v || n > 15)
		return 0;
	return v->slots[n];
}
