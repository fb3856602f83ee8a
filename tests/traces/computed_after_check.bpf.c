/* The index is checked, and then twice as large. */
// suggestion: fix-bound-lost
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

#define PAIRS 16

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32[PAIRS]);
} pairs SEC(".maps");

SEC("socket")
int pick(struct __sk_buff *skb)
{
	u32 zero = 0, i = skb->hash; // cause: established
	u32 *v = bpf_map_lookup_elem(&pairs, &zero);

	if (!v || i >= PAIRS) // cause: checked
		return 0;
	i = i * 2 + 1; // cause: computed
	return v[i]; // rejected
}
