/* Bytes of the payload are copied, but there may be none. */
// suggestion: fix-nonzero-size
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

#define MAX 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8[MAX]);
} last SEC(".maps");

SEC("socket")
int sample(struct __sk_buff *skb)
{
	u32 zero = 0, len = skb->len; // cause: established
	u8 *to = bpf_map_lookup_elem(&last, &zero);

	if (!to)
		return 0;
	if (len > MAX) // cause: checked
		len = MAX;
	bpf_skb_load_bytes(skb, 0, to, len); // rejected
	return skb->len;
}
