/* The length of a write is limited from above as a signed number, and then used as a size. */
// suggestion: fix-lower-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct event {
	u32 pid;
	char data[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int enter_write(struct sys_enter_args *ctx)
{
	const void *buf = (const void *)ctx->args[1];
	int len = ctx->args[2]; // cause: established
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	if (len > (int)sizeof(e->data)) // cause: checked
		len = sizeof(e->data);
	bpf_probe_read_user(e->data, len, buf); // rejected
	bpf_ringbuf_submit(e, 0);
	return 0;
}
