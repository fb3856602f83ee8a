// Into the middle of a field for objects of every CPU.
// expect: mem-kptr-misaligned
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };
struct value { struct thing __percpu_kptr *each; u64 n; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

/* The type stands whole in the BTF because a function takes it. */
static __noinline __attribute__((used)) int types(struct thing *t)
{
	return t != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	return v ? *(volatile u64 *)((char *)&v->each + 4) : 0;
}
