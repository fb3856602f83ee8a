/* An offset from a map is added to the packet; it is so large that comparing with the end proves nothing. */
// suggestion: fix-upper-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} config SEC(".maps");

SEC("xdp")
int match(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	u32 zero = 0, *cfg = bpf_map_lookup_elem(&config, &zero), off;
	u8 *p;

	if (!cfg)
		return XDP_PASS;
	off = *cfg; // cause: established
	p = data + off; // cause: computed
	if ((void *)(p + 1) > data_end)
		return XDP_PASS;
	return *p == 0x45 ? XDP_PASS : XDP_DROP; // rejected
}
