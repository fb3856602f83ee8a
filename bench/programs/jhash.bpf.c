/* Bob Jenkins' lookup3 over 1440 bytes of a packet. */
#include "bench.h"

#define ROT(x, k) ((x) << (k) | (x) >> (32 - (k)))

SEC("xdp")
int jhash(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;
	u32 a = 0xdeadbeef, b = 0xdeadbeef, c = 0xdeadbeef;

	if (data + 1440 > end)
		return 0;
	for (int i = 0; i < 120; i++) {
		a += *(u32 *)(data + i * 12);
		b += *(u32 *)(data + i * 12 + 4);
		c += *(u32 *)(data + i * 12 + 8);
		a -= c; a ^= ROT(c, 4); c += b;
		b -= a; b ^= ROT(a, 6); a += c;
		c -= b; c ^= ROT(b, 8); b += a;
		a -= c; a ^= ROT(c, 16); c += b;
		b -= a; b ^= ROT(a, 19); a += c;
		c -= b; c ^= ROT(b, 4); b += a;
	}
	c ^= b; c -= ROT(b, 14);
	a ^= c; a -= ROT(c, 11);
	b ^= a; b -= ROT(a, 25);
	c ^= b; c -= ROT(b, 16);
	return c;
}
