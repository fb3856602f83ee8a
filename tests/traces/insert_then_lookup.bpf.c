/* The usual "create if missing": the second lookup can fail as well. */
// suggestion: fix-null-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct counter {
	u64 calls;
	u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u32);
	__type(value, struct counter);
} counters SEC(".maps");

SEC("kprobe/vfs_write")
int vfs_write_enter(struct pt_regs *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct counter zero = {}, *c;

	c = bpf_map_lookup_elem(&counters, &tgid);
	if (!c) {
		bpf_map_update_elem(&counters, &tgid, &zero, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&counters, &tgid); // cause: established
	}
	c->calls++; // rejected
	c->bytes += PT_REGS_PARM3(ctx);
	return 0;
}
