// The low half is stored alone and the whole is read.
// expect: ptr-offset-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u8 bytes[60]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	volatile u64 slot = 0;

	if (!v)
		return 0;
	*(volatile u8 *)&slot = skb->hash & 31;
	return v->bytes[slot];
}
