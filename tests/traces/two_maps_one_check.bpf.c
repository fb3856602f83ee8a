/* Two lookups, and only the first result is checked. */
// suggestion: fix-null-check-copy
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} started SEC(".maps"), finished SEC(".maps");

SEC("tracepoint/syscalls/sys_exit_read")
int done(struct sys_exit_args *ctx)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *from = bpf_map_lookup_elem(&started, &pid);
	u64 *count = bpf_map_lookup_elem(&finished, &pid); // cause: established

	if (!from)
		return 0;
	*count += bpf_ktime_get_ns() - *from; // rejected
	return 0;
}
