/* Only the low 32 bits of a 64-bit length are compared; the whole of it is used. */
// suggestion: fix-checked-copy
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8[256]);
} bytes SEC(".maps");

SEC("kprobe/vfs_read")
int vfs_read_enter(struct pt_regs *ctx)
{
	u32 zero = 0;
	u8 *v = bpf_map_lookup_elem(&bytes, &zero);
	u64 len = PT_REGS_PARM3(ctx);

	if (!v)
		return 0;
	if ((u32)len >= 256) // cause: checked
		return 0;
	v[len] = 1; // rejected
	return 0;
}
