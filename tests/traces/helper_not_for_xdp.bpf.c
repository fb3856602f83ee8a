/* A helper of tc programs is called from XDP, which has one of its own. */
// suggestion: fix-other-helper
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

SEC("xdp")
int peek(struct xdp_md *ctx)
{
	u8 head[14];

	if (bpf_skb_load_bytes(ctx, 0, head, sizeof(head))) // rejected
		return XDP_PASS;
	return head[12] == 8 ? XDP_PASS : XDP_DROP;
}
