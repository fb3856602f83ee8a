// The packet is checked with a number that is added twice.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u64 n = ctx->rx_queue_index & 127;

	if (data + 2 * n + 4 > end)
		return 0;
	return data[n] + data[n + n + 3];
}
