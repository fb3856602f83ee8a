/* The clock is read while the lock is held. */
#include "bpf.h"

struct bucket {
	struct bpf_spin_lock lock;
	u64 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

SEC("tc")
int stamp(struct __sk_buff *skb)
{
	u32 key = skb->mark & 15;
	struct bucket *b = bpf_map_lookup_elem(&buckets, &key);

	if (!b)
		return TC_ACT_OK;
	u64 now = bpf_ktime_get_ns();

	bpf_spin_lock(&b->lock);
	b->last = now;
	bpf_spin_unlock(&b->lock);
	return TC_ACT_OK;
}
