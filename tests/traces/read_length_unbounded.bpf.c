/* A length from user space goes straight into a helper. */
// suggestion: fix-upper-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, u32);
	__type(value, u32);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_sendto")
int enter_sendto(struct sys_enter_args *ctx)
{
	char buf[128] = {};
	u32 len = ctx->args[2]; // cause: established

	bpf_probe_read_user(buf, len, (const void *)ctx->args[1]); // rejected
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, buf, sizeof(buf));
	return 0;
}
