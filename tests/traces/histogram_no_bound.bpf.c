/* A latency histogram whose slot is computed and never compared with the number of slots. */
// suggestion: fix-upper-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

#define SLOTS 32

struct hist {
	u64 slots[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("kprobe/blk_account_io_done")
int io_done(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);
	u64 slot = PT_REGS_PARM2(ctx) >> 10; // cause: established

	if (!h)
		return 0;
	h->slots[slot]++; // rejected
	return 0;
}
