// The wrong one of two results is checked.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

struct value { u64 count; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, key = skb->mark;
	struct value *a = bpf_map_lookup_elem(&values, &zero), *b = bpf_map_lookup_elem(&values, &key);

	if (!a)
		return 0;
	b->count++;
	return 0;
}
