// Options of a header, as long as they say.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u8 *at, *stop;
	int i;

	if (data + 54 > end)
		return 2;
	at = data + 34 + 20;
	stop = data + 34 + ((data[46] >> 4) * 4);
	if (stop > end)
		return 2;
	for (i = 0; i < 10; i++) {
		if (at + 2 > stop)
			break;
		if (at[0] == 0)
			break;
		if (at[0] == 1) {
			at++;
			continue;
		}
		if (at[1] < 2)
			break;
		at += at[1];
	}
	return i;
}
