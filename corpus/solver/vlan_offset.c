// A header moves on by a tag, the check does not.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u32 off = 14;

	if (data + 34 > end)
		return 2;
	if (data[12] == 0x81 && data[13] == 0)
		off += 4;
	return data[off + 19];
}
