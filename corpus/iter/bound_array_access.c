// The loop variable is a number between the bounds of an if, not of the iterator.
// expect: mem-unbounded
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[8]);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	u32 key = 0;
	u64 *a = bpf_map_lookup_elem(&m, &key), sum = 0;
	int *v;

	if (!a)
		return 0;
	bpf_iter_num_new(&it, 0, 8);
	while ((v = bpf_iter_num_next(&it)))
		sum += a[(u32)*v];
	bpf_iter_num_destroy(&it);
	return sum & 1;
}
