// The byte before a pointer that moved on.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end, *p;
	u32 n = ctx->rx_queue_index & 63;

	p = data + n;
	if (p + 4 > end)
		return 0;
	if (n < 4)
		return 0;
	return p[-2];
}
