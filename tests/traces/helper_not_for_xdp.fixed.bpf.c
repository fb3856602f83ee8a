/* A helper of tc programs is called from XDP, which has one of its own. */
#include "bpf.h"

SEC("xdp")
int peek(struct xdp_md *ctx)
{
	u8 head[14];

	if (bpf_xdp_load_bytes(ctx, 0, head, sizeof(head)))
		return XDP_PASS;
	return head[12] == 8 ? XDP_PASS : XDP_DROP;
}
