// A pointer in an object of the program is exchanged.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a; struct task_struct __kptr *owner; };

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct task_struct *t)
{
	return t != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new(struct thing);
	struct task_struct *old;

	if (!t)
		return 0;
	old = bpf_kptr_xchg(&t->owner, NULL);
	if (old)
		bpf_task_release(old);
	bpf_obj_drop(t);
	return 0;
}
