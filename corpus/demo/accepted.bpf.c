/* Counts IPv4 packets by protocol. Every access is checked first, so Linux loads it. */
#include "count.h"

SEC("xdp")
int count_protocols(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;

	/* Ethernet header and the first 20 bytes of IPv4. */
	if (data + 34 > end)
		return XDP_PASS;
	if (*(u16 *)(data + 12) != 0x0008)
		return XDP_PASS;

	u32 protocol = data[23];
	u64 *n = bpf_map_lookup_elem(&packets, &protocol);
	if (n)
		__sync_fetch_and_add(n, 1);
	return XDP_PASS;
}
