// Nor does another struct.
// expect: call-arg-struct
// expect-6.12: call-helper-not-offered
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct cgroup *c = bpf_cgroup_from_id(1);
	u64 *v;

	if (!c)
		return 0;
	v = bpf_task_storage_get(&m, c, NULL, 1);
	bpf_cgroup_release(c);
	return v != NULL;
}
