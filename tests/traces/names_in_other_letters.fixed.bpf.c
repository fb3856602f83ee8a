/* The name of the variable is not ASCII. */
// suggestion: fix-null-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	u32 key = skb->protocol;
	u64 *größe = bpf_map_lookup_elem(&counts, &key); // cause: established

	if (!größe)
		return 0;
	*größe += 1;
	return 0;
}
