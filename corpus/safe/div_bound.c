// A quotient is small.
// expect: ptr-offset-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 buckets[26]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u32 len = skb->len & 0xfff;

	if (!v)
		return 0;
	v->buckets[len / 160]++;
	return 0;
}
