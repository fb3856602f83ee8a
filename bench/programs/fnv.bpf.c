/* FNV-1a over the 1500 bytes of a packet. */
#include "bench.h"

SEC("xdp")
int fnv(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;
	u64 h = 0xcbf29ce484222325ull;

	if (data + 1500 > end)
		return 0;
	for (int i = 0; i < 1500; i++) {
		h ^= data[i];
		h *= 0x100000001b3ull;
		OPAQUE(h);
	}
	return (u32)(h ^ h >> 32);
}
