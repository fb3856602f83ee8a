/* The length is limited, kept in a 16-bit field of a record on the stack, and read back from there. */
// suggestion: fix-bound-lost
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct record {
	u32 pid;
	u16 len;
	char text[80];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, u32);
	__type(value, u32);
} out SEC(".maps");

SEC("kprobe/vfs_write")
int vfs_write_enter(struct pt_regs *ctx)
{
	struct record r = {};
	u64 n = PT_REGS_PARM3(ctx);

	if (n > sizeof(r.text)) // cause: checked
		return 0;
	r.len = n; // cause: spilled
	r.pid = bpf_get_current_pid_tgid() >> 32;
	asm volatile("" ::"r"(&r) : "memory");
	bpf_probe_read_user(r.text, r.len, (void *)PT_REGS_PARM2(ctx)); // rejected
	bpf_perf_event_output(ctx, &out, BPF_F_CURRENT_CPU, &r, sizeof(r));
	return 0;
}
