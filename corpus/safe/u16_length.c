// A length of 16 bits, rounded up.
// expect: call-size-zero
#include "bpf.h"
LICENSE("GPL");

struct value { u8 bytes[64]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	u16 n = skb->len;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v || n == 0 || n > 61)
		return 0;
	n = (n + 3) / 4 * 4;
	bpf_skb_load_bytes(skb, 0, v->bytes, n);
	return 0;
}
