/* Inside a callback nothing is known of the number of the round but its type. */
// suggestion: fix-upper-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct sums {
	u64 sum[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct sums);
} all SEC(".maps");

static long add(u32 i, struct sums **s)
{
	(*s)->sum[i] += i; // rejected
	return 0;
}

SEC("tc")
int sum(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct sums *s = bpf_map_lookup_elem(&all, &zero);

	if (s)
		bpf_loop(16, add, &s, 0);
	return TC_ACT_OK;
}
