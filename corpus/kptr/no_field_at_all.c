// Nor a value that has none.
// expect: call-kptr-none
#include "bpf.h"
LICENSE("GPL");

struct plain { u64 a, b; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct plain);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct plain *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_kptr_xchg(&v->a, NULL);
	return 0;
}
