// Options of a socket: a buffer with an end.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup/setsockopt")
int prog(struct bpf_sockopt *ctx)
{
	u8 *val = ctx->optval;

	if (val + 1 > (u8 *)ctx->optval_end)
		return 1;
	return *val == 1;
}
