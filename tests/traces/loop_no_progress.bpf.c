/* Nothing in the loop changes what it waits for, as far as can be seen. */
// suggestion: fix-bound-loop
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} ready SEC(".maps");

SEC("kprobe/do_exit")
int wait(struct pt_regs *ctx)
{
	u32 zero = 0;
	volatile u32 *v = bpf_map_lookup_elem(&ready, &zero);

	if (!v)
		return 0;
	while (!*v) // rejected
		;
	return 0;
}
