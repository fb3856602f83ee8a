// A remainder is small.
// expect: ptr-offset-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 buckets[10]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	v->buckets[skb->hash % 10]++;
	return 0;
}
