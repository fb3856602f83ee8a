// Whose end must be looked at.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup/getsockopt")
int prog(struct bpf_sockopt *ctx)
{
	u8 *val = ctx->optval;

	return *val == 1;
}
