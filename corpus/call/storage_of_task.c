// Storage that belongs to a task.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} m SEC(".maps");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	u64 *v = bpf_task_storage_get(&m, bpf_get_current_task_btf(), NULL, 1);

	if (v)
		*v += 1;
	return 0;
}
