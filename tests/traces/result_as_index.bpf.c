/* A helper returns the length or a negative error; used as an index, errors must be excluded. */
// suggestion: fix-lower-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct event {
	u32 pid;
	char name[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int openat(struct sys_enter_args *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	long n;

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	n = bpf_probe_read_user_str(e->name, sizeof(e->name), (void *)ctx->args[1]); // cause: established
	e->name[n - 1] = '/'; // rejected
	bpf_ringbuf_submit(e, 0);
	return 0;
}
