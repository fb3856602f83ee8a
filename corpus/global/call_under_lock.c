// Global functions may do anything: none is called while a lock is held.
// expect: call-global-locked
// expect-6.18: call-global-locked
#include "bpf.h"
LICENSE("GPL");

struct value { struct bpf_spin_lock lock; int n; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

__noinline int add(int x)
{
	barrier_var(x);
	return x + 1;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = add(v->n);
	bpf_spin_unlock(&v->lock);
	return 0;
}
