/* A key of a map is read from the packet by the helper. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u64);
	__type(value, u32);
} known SEC(".maps");

SEC("xdp")
int is_known(struct xdp_md *ctx)
{
	void *d = (void *)(long)ctx->data; // cause: established
	void *e = (void *)(long)ctx->data_end;

	return bpf_map_lookup_elem(&known, d) ? XDP_PASS : XDP_DROP; // rejected
}
