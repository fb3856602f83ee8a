// A percentage of a bounded number.
// expect: ptr-offset-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[101]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u64 part = skb->hash, whole = 1500;

	if (!v || part > whole)
		return 0;
	v->slots[part * 100 / whole]++;
	return 0;
}
