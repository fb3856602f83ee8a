// States of different rounds converge although a stack slot changes.
// expect: accepted
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
	u64 *a = bpf_map_lookup_elem(&m, &key), seen = 0;
	int *v;

	if (!a)
		return 0;
	bpf_iter_num_new(&it, 0, 8);
	while ((v = bpf_iter_num_next(&it))) {
		u32 i = *v;
		if (i < 8)
			a[i] += seen;
		seen = skb->len > 100 ? i : seen + 1;
	}
	bpf_iter_num_destroy(&it);
	return seen & 1;
}
