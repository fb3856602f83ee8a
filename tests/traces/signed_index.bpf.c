/* A signed index is only compared with the upper end. */
// suggestion: fix-lower-bound
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

#define SLOTS 16

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[SLOTS]);
} slots SEC(".maps");

SEC("tracepoint/syscalls/sys_exit_write")
int exit_write(struct sys_exit_args *ctx)
{
	u32 zero = 0;
	u64 *v = bpf_map_lookup_elem(&slots, &zero);
	long i = ctx->ret;

	if (!v)
		return 0;
	if (i < SLOTS)
		v[i]++; // rejected
	return 0;
}
