// A loop by callback runs once more than there are slots.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

static long each(u32 i, void *ctx)
{
	struct value *v = *(struct value **)ctx;

	if (i > 16)
		return 1;
	v->slots[i] = i;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v)
		return 0;
	bpf_loop(skb->mark & 31, each, &v, 0);
	return 0;
}
