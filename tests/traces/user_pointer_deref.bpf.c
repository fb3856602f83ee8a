/* The name of the file is a pointer into user space. */
// suggestion: fix-probe-read
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

u64 hidden;

SEC("tracepoint/syscalls/sys_enter_openat")
int openat(struct sys_enter_args *ctx)
{
	const char *name = (const char *)ctx->args[1]; // cause: established

	if (name[0] == '.') // rejected
		hidden++;
	return 0;
}
