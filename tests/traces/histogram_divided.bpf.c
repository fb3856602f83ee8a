/* The kernel follows no division: whatever was known before it, the quotient can be anything. */
// suggestion: fix-bound-lost
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

#define SLOTS 32

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[SLOTS]);
} hists SEC(".maps");

SEC("kprobe/blk_account_io_done")
int io_done(struct pt_regs *ctx)
{
	u32 zero = 0;
	u64 *slots = bpf_map_lookup_elem(&hists, &zero);
	u64 us = PT_REGS_PARM2(ctx);

	if (!slots || us >= SLOTS * 100)
		return 0;
	slots[us / 100]++; // rejected
	return 0;
}
