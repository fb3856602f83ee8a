/* One path leaves with the lock held. */
// suggestion: fix-unlock
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct bucket {
	struct bpf_spin_lock lock;
	u32 tokens;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

SEC("tc")
int limit(struct __sk_buff *skb)
{
	u32 key = skb->mark & 15;
	struct bucket *b = bpf_map_lookup_elem(&buckets, &key);

	if (!b)
		return TC_ACT_OK;
	bpf_spin_lock(&b->lock); // cause: established
	if (b->tokens == 0)
		return TC_ACT_SHOT;
	b->tokens--;
	bpf_spin_unlock(&b->lock);
	return TC_ACT_OK;
} // rejected
