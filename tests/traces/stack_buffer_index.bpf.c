/* A string on the stack is terminated at an index that may be one too far. */
// suggestion: fix-smaller-bound
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} names SEC(".maps");

SEC("kprobe/do_unlinkat")
int unlink(struct pt_regs *ctx)
{
	char buf[32] = {};
	u64 n = PT_REGS_PARM2(ctx); // cause: established

	if (n > sizeof(buf)) // cause: checked
		return 0;
	bpf_probe_read_kernel(buf, sizeof(buf), (void *)PT_REGS_PARM1(ctx));
	buf[n] = 0; // rejected
	bpf_ringbuf_output(&names, buf, sizeof(buf), 0);
	return 0;
}
