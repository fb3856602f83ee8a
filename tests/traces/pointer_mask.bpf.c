/* A pointer into the value is rounded down, as one does with addresses elsewhere. */
// suggestion: fix-pointer-arithmetic
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[16]);
} words SEC(".maps");

SEC("kprobe/do_exit")
int mark(struct pt_regs *ctx)
{
	u32 zero = 0;
	u8 *v = bpf_map_lookup_elem(&words, &zero);
	u64 off = PT_REGS_PARM1(ctx) & 127;

	if (!v)
		return 0;
	*(u64 *)((long)(v + off) & ~7L) = 1; // rejected
	return 0;
}
