// Messages between sockets.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("sk_msg")
int prog(struct sk_msg_md *ctx)
{
	u8 *data = ctx->data;

	if (data + 4 > (u8 *)ctx->data_end)
		return 1;
	return data[3] & 1;
}
