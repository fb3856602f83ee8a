// The end is computed from the length that the packet says it has.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u32 total;

	if (data + 34 > end)
		return 2;
	total = data[16] << 8 | data[17];
	if (total < 20 || total > 1500)
		return 2;
	return data[14 + total - 1];
}
