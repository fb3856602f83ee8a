/* The key has padding that is never written; without CAP_PERFMON the helper may not read it. */
// suggestion: fix-initialise
// kernels 6.18.44: rejected EACCES; fixed: accepted
// caps: bpf,net_admin
#include "bpf.h"

struct key {
	u16 port;
	u32 addr;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, u32);
} blocked SEC(".maps");

SEC("tc")
int block(struct __sk_buff *skb)
{
	struct key k;

	k.port = skb->mark;
	k.addr = skb->hash;
	return bpf_map_lookup_elem(&blocked, &k) ? TC_ACT_SHOT : TC_ACT_OK; // rejected
}
