// What lies behind an offset, at most the size of the buffer.
// expect: call-size-zero
#include "bpf.h"
LICENSE("GPL");

struct value { u8 bytes[64]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 zero = 0, off = skb->mark, len = skb->len;
	struct value *v = bpf_map_lookup_elem(&values, &zero);

	if (!v || off >= len)
		return 0;
	if (len - off > 64)
		len = off + 64;
	bpf_skb_load_bytes(skb, off, v->bytes, len - off);
	return 0;
}
