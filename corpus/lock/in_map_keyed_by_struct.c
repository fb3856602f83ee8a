// An array whose key is no number to BTF: the kernel refuses its BTF, loaders create it without, and then nobody
// knows of the lock.
// expect: call-map-btf
#include "bpf.h"
LICENSE("GPL");

struct key { u32 n; };
struct value {
	struct bpf_spin_lock lock;
	u32 n;
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, struct key);
	__type(value, struct value);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct key k = { 0 };
	struct value *v = bpf_map_lookup_elem(&m, &k);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}
