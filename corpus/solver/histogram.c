// One bucket too few.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u64 slots[31]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, bucket = 0, n = skb->len, i;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	for (i = 0; i < 32; i++) {
		if (!n)
			break;
		n >>= 1;
		bucket++;
	}
	v->slots[bucket]++;
	return 0;
}
