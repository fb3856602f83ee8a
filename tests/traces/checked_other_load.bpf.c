/* The index is checked, and then loaded again from the map, where it may have changed. */
// suggestion: fix-checked-copy
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

#define N 8

struct ring {
	u32 head;
	u64 entry[N];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ring);
} rings SEC(".maps");

SEC("kprobe/do_exit")
int push(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct ring *r = bpf_map_lookup_elem(&rings, &zero);

	if (!r || r->head >= N)
		return 0;
	r->entry[0] = bpf_ktime_get_ns();
	r->entry[r->head] = PT_REGS_PARM1(ctx); // rejected
	return 0;
}
