/* A string on the stack is terminated at an index that may be one too far. */
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} names SEC(".maps");

SEC("kprobe/do_unlinkat")
int unlink(struct pt_regs *ctx)
{
	char buf[32] = {};
	u64 n = PT_REGS_PARM2(ctx);

	if (n >= sizeof(buf))
		return 0;
	bpf_probe_read_kernel(buf, sizeof(buf), (void *)PT_REGS_PARM1(ctx));
	buf[n] = 0;
	bpf_ringbuf_output(&names, buf, sizeof(buf), 0);
	return 0;
}
