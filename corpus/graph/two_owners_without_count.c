// A type that can be in a list and in a tree needs a count of its owners: the kernel refuses its BTF, and the loader goes on without.
// expect: call-map-btf
#include "bpf.h"
LICENSE("GPL");

struct both { u64 data; struct bpf_list_node list; struct bpf_rb_node rb; };
struct value {
	struct bpf_list_head head __contains(both, list);
	struct bpf_rb_root root __contains(both, rb);
	struct bpf_spin_lock lock;
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

static __noinline __attribute__((used)) int types(struct both *n)
{
	return n != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}
