/* Arithmetic on registers alone, 64 and 32 bits. */
#include "bench.h"

SEC("xdp")
int alu(struct xdp_md *ctx)
{
	u64 a = ctx->ingress_ifindex + 0x9e3779b97f4a7c15ull, b = 12345;
	u32 c = 77;

	for (int i = 0; i < 1000; i++) {
		a ^= a << 13;
		a ^= a >> 7;
		a ^= a << 17;
		b = b * 6364136223846793005ull + a;
		c = (c << 5 | c >> 27) + (u32)b;
		OPAQUE(a);
	}
	return (u32)(a ^ b >> 32) + c;
}
