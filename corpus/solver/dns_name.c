// Labels of a name are followed by the length that they say, and the end is never looked at again.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end, *at;
	int i;

	if (data + 54 > end)
		return 2;
	at = data + 54;
	for (i = 0; i < 4; i++) {
		if (at + 1 > end)
			return 2;
		at += at[0] & 63;
	}
	return at[0];
}
