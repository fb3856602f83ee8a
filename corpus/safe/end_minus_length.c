// Bytes before the end of the packet.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u64 len = end - data;

	if (len < 20 || len > 1500)
		return 0;
	return data[len - 4];
}
