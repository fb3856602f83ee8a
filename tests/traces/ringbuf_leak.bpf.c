/* A record that is reserved must be submitted or discarded on every path. */
// suggestion: fix-release
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct event {
	u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

const volatile u32 target;

SEC("tracepoint/syscalls/sys_enter_execve")
int execve(struct sys_enter_args *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0); // cause: established

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_get_current_comm(e->comm, sizeof(e->comm)))
		return 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
} // rejected
