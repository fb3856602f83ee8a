/* Counts packets per receive queue; the value is used without asking whether the lookup found one. */
// suggestion: fix-null-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct stats {
	u64 packets;
	u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct stats);
} per_queue SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	u32 queue = ctx->rx_queue_index;
	struct stats *s = bpf_map_lookup_elem(&per_queue, &queue); // cause: established

	s->packets++; // rejected
	s->bytes += ctx->data_end - ctx->data;
	return XDP_PASS;
}
