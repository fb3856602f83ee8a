/* The number is taken from the end instead of added to the beginning. */
// suggestion: fix-pointer-arithmetic
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int from_the_end(struct xdp_md *ctx)
{
	void *d = (void *)(long)ctx->data;
	void *e = (void *)(long)ctx->data_end; // cause: established

	if ((void *)d + 14 > e) // rejected
		return XDP_PASS;
	return *(u8 *)(d + 13) ? XDP_DROP : XDP_PASS;
}
