// A pointer to memory of the process is set from outside only.
// expect: mem-uptr-store
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

struct shared { u64 a; };
struct value { struct shared __uptr *p; };
struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} m SEC(".maps");

static __noinline __attribute__((used)) int types(struct shared *s)
{
	return s != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct value *v = bpf_task_storage_get(&m, bpf_get_current_task_btf(), NULL, 1);

	if (v)
		v->p = NULL;
	return 0;
}
