// An object that holds a task is dropped, perhaps in an interrupt.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a; struct task_struct __kptr *owner; };

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct task_struct *t)
{
	return t != NULL;
}

SEC("tp_btf/sched_switch")
int prog(u64 *ctx)
{
	struct thing *t = bpf_obj_new(struct thing);

	if (t)
		bpf_obj_drop(t);
	return 0;
}
