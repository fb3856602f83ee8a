// The number goes through memory while a helper runs.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { u32 n; u8 bytes[60]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, slot[2];
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u32 n = skb->hash;

	if (!v)
		return 0;
	((volatile u32 *)slot)[0] = n;
	((volatile u32 *)slot)[1] = n;
	if (((volatile u32 *)slot)[0] >= 60)
		return 0;
	bpf_ktime_get_ns();
	return v->bytes[((volatile u32 *)slot)[1]];
}
