/* Metadata ends where the packet begins. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int mark(struct xdp_md *ctx)
{
	u32 *meta = (void *)(long)ctx->data_meta; // cause: established

	*meta = 7; // rejected
	return XDP_PASS;
}
