// Then a caller that may pass null is refused.
// expect: global-pass-null
// expect-6.18: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, int);
} m SEC(".maps");

__noinline int get(int *p __tag("arg:nonnull"))
{
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	return get(bpf_map_lookup_elem(&m, &key));
}
