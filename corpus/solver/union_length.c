// A length from a map is trusted.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 n; u8 bytes[60]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v || v->n == 0)
		return 0;
	return v->bytes[v->n - 1];
}
