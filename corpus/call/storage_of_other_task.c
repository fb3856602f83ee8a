// A pointer out of a trusted one is still good enough for helpers where programs hold RCU anyway.
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
	u64 *v = bpf_task_storage_get(&m, bpf_get_current_task_btf()->last_wakee, NULL, 1);

	return v != NULL;
}
