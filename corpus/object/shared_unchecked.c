// An object of the program that RCU protects, shared without asking whether that was possible.
// expect: accepted
// expect-6.12: kfunc-arg-null
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a; struct bpf_refcount refs; };
struct value { struct thing __kptr *owned; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct thing *t)
{
	return t != NULL;
}

SEC("syscall")
int prog(void *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct thing *t;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	t = v->owned;
	if (t) {
		t = bpf_refcount_acquire_impl(t, NULL);
		bpf_obj_drop(t);
	}
	bpf_rcu_read_unlock();
	return 0;
}
