/* Words go to and fro between two buffers on the stack. */
#include "bench.h"

SEC("xdp")
int copy(struct xdp_md *ctx)
{
	volatile u64 from[24], to[24];
	u64 sum = ctx->ingress_ifindex;

	for (int i = 0; i < 24; i++)
		from[i] = sum + i * 0x10001;
	for (int round = 0; round < 16; round++) {
		for (int i = 0; i < 24; i++)
			to[i] = from[i];
		for (int i = 0; i < 24; i++)
			from[i] = to[23 - i] + round;
	}
	for (int i = 0; i < 24; i++)
		sum += from[i];
	return (u32)(sum ^ sum >> 32);
}
