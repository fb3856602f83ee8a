/* The check covers what the cursor passed, not what it points to then. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int first_option(struct xdp_md *ctx)
{
	u8 *cursor = (void *)(long)ctx->data; // cause: established
	u8 *end = (void *)(long)ctx->data_end;

	if (cursor + 35 > end) // cause: checked
		return XDP_PASS;
	cursor += 34;
	return *cursor == 0x94 ? XDP_DROP : XDP_PASS; // rejected
}
