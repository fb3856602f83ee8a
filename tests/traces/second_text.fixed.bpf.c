/* The second text goes where the first one ended, with the rest of the buffer as its size. */
// suggestion: fix-sum-of-bounds
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

SEC("tracepoint/syscalls/sys_enter_openat")
int two_texts(struct sys_enter_args *ctx)
{
	char b[128];
	int n = bpf_probe_read_user_str(b, 128, (void *)ctx->args[1]);

	if (n < 0)
		return 0;
	if (n > 64)
		return 0;
	return bpf_probe_read_user_str(b + n, 64, (void *)ctx->args[2]); // rejected
}
