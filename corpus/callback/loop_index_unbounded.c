// The index is any number up to the count.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[8]);
} m SEC(".maps");

static int step(u32 i, u64 **v)
{
	(*v)[i] = 1;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&m, &key);

	if (v)
		bpf_loop(8, step, &v, 0);
	return 0;
}
