/* One program that loads, one that is rejected, and one that libbpf does not know what to make of. */
#include "../../../../tests/traces/bpf.h"

/* Something new that has nothing to do
 * with the rest. */
u32 unrelated;

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int first_byte(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;

	return *data ? XDP_PASS : XDP_DROP;
}

SEC("my_own_section")
int nobody_knows(void *ctx)
{
	return 0;
}
