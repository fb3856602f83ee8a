/* The name of the file is a pointer into user space. */
#include "bpf.h"

u64 hidden;

SEC("tracepoint/syscalls/sys_enter_openat")
int openat(struct sys_enter_args *ctx)
{
	const char *name = (const char *)ctx->args[1];

	char first = 0;

	bpf_probe_read_user(&first, sizeof(first), name);
	if (first == '.')
		hidden++;
	return 0;
}
