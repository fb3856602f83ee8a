/* The index is computed where it is used; the compiler knows its limit and the verifier does not. */
// suggestion: fix-bound-lost
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct table {
	u64 n[20];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct table);
} tables SEC(".maps");

SEC("tc")
int sizes(struct __sk_buff *skb)
{
	u32 zero = 0, len = skb->len;
	struct table *t = bpf_map_lookup_elem(&tables, &zero);

	if (!t || len > 1900)
		return 0;
	t->n[len / 100]++; // rejected
	return 0;
}
