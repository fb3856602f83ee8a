/* Every round of the loop reads further, the last one too far. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int sum_header(struct xdp_md *ctx)
{
	u8 *d = (void *)(long)ctx->data;
	u8 *e = (void *)(long)ctx->data_end;
	u32 sum = 0;

	if (d + 16 > e) // cause: checked
		return XDP_PASS;
	for (int i = 0; i < 20; i++)
		sum += d[i]; // rejected
	return sum & 1 ? XDP_DROP : XDP_PASS;
}
