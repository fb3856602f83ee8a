/* The same program with two mistakes, one in each function. */
#include "count.h"

/* The result of the lookup is used without asking whether it is null. */
SEC("xdp")
int forgot_null_check(struct xdp_md *ctx)
{
	u32 protocol = 6;
	u64 *n = bpf_map_lookup_elem(&packets, &protocol);

	*n += 1;
	return XDP_PASS;
}

/* The bound that is checked is shorter than what is read. */
SEC("xdp")
int short_bounds_check(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;

	if (data + 14 > end)
		return XDP_PASS;
	return data[23] == 6 ? XDP_DROP : XDP_PASS;
}
