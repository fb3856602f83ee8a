// An object that is not of every CPU, into a field for such.
// expect: accepted
// expect-6.12: mem-kptr-type
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };
struct value { struct thing __percpu_kptr *each; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct thing *t;

	if (!v)
		return 0;
	t = bpf_obj_new(struct thing);
	if (!t)
		return 0;
	t = bpf_kptr_xchg(&v->each, t);
	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
