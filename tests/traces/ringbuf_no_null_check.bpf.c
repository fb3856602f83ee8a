/* A full ring buffer gives no record. */
// suggestion: fix-null-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct event {
	u64 time;
	u32 pid;
	u32 uid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_execve")
int execve(struct sys_enter_args *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0); // cause: established

	e->time = bpf_ktime_get_ns(); // rejected
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	bpf_ringbuf_submit(e, 0);
	return 0;
}
