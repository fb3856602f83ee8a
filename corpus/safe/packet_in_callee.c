// The packet was checked by a function that returns whether.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

static __noinline int fits(struct xdp_md *ctx, u32 n)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;

	return data + 34 <= end;
}

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;

	if (!fits(ctx, 34))
		return 0;
	return data[33];
}
