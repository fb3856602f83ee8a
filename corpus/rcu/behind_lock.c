// What RCU protects, used behind the lock that it was found under, in a program that sleeps.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct value {
	struct bpf_spin_lock lock;
	struct task_struct __kptr *owned;
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct task_struct *t)
{
	return t != NULL;
}

SEC("syscall")
int prog(void *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *t;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	t = v->owned;
	bpf_spin_unlock(&v->lock);
	if (!t)
		return 0;
	t = bpf_task_acquire(t);
	if (t)
		bpf_task_release(t);
	return 0;
}
