/* A size that is signed in C: an upper bound alone would leave negative ones. */
// suggestion: fix-upper-bound
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tracepoint/syscalls/sys_enter_write")
int head(struct sys_enter_args *ctx)
{
	char buf[64];
	int len = ctx->args[2]; // cause: established

	bpf_probe_read_user(buf, len, (const void *)ctx->args[1]); // rejected
	return buf[0];
}
