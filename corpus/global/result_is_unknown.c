// What a global function returns is not known to the caller, although it is always 7.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[2]);
} m SEC(".maps");

__noinline u64 seven(void)
{
	u64 x = 7;
	barrier_var(x);
	return x;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	char *v = bpf_map_lookup_elem(&m, &key);
	u32 at = seven();

	return v ? v[at] : 0;
}
