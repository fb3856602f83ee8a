/* A dynptr into a ring buffer must be submitted even when reserving failed. */
// suggestion: fix-release
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("kprobe/do_exit")
int on_exit(struct pt_regs *ctx)
{
	struct bpf_dynptr rec;
	u64 now = bpf_ktime_get_ns();

	if (bpf_ringbuf_reserve_dynptr(&events, sizeof(now), 0, &rec)) // cause: established
		return 0;
	bpf_dynptr_write(&rec, 0, &now, sizeof(now), 0);
	bpf_ringbuf_submit_dynptr(&rec, 0);
	return 0;
} // rejected
