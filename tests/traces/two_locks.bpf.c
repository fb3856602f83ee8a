/* A second lock while one is held. */
// suggestion: fix-unlock
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct slot {
	struct bpf_spin_lock lock;
	u64 n;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

SEC("tc")
int swap(struct __sk_buff *skb)
{
	u32 one = 0, two = 1;
	struct slot *a = bpf_map_lookup_elem(&slots, &one), *b = bpf_map_lookup_elem(&slots, &two);

	if (!a || !b)
		return 0;
	bpf_spin_lock(&a->lock); // cause: established
	bpf_spin_lock(&b->lock); // rejected
	b->n = 1;
	bpf_spin_unlock(&b->lock);
	return 0;
}
