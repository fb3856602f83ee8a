/* Inside a callback nothing is known of the number of the round but its type. */
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
	if (i >= 16)
		return 1;
	(*s)->sum[i] += i;
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
