/* The length is cut off, and the compiler compares a copy of it: the one that is used keeps no limit. */
// suggestion: fix-checked-copy
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, u32);
	__type(value, u32);
} out SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int enter_write(struct sys_enter_args *ctx)
{
	char buf[128] = {};
	u32 n = ctx->args[2]; // cause: established

	if (n > sizeof(buf) - 1)
		n = sizeof(buf) - 1;
	bpf_get_current_comm(buf, 16);
	bpf_probe_read_user(buf, n, (void *)ctx->args[1]); // rejected
	bpf_perf_event_output(ctx, &out, BPF_F_CURRENT_CPU, buf, sizeof(buf));
	return 0;
}
