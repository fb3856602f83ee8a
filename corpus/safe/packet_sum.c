// Two offsets whose sum was checked.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
	u64 a = ctx->rx_queue_index & 127, b = ctx->ingress_ifindex & 127;
	u8 *p;

	p = data + a;
	barrier_var(p);
	if (p + b + 1 > end)
		return 0;
	return data[a] + p[b];
}
