/* A loop over options whose number comes from outside. */
// suggestion: fix-bound-loop
// kernels 6.12.117, 6.18.44: rejected E2BIG; fixed: accepted
#include "bpf.h"

struct config {
	u32 n;
	u32 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct config);
} config SEC(".maps");

SEC("tc")
int work(struct __sk_buff *skb)
{
	u32 zero = 0, n;
	struct config *c = bpf_map_lookup_elem(&config, &zero);

	if (!c)
		return TC_ACT_OK;
	n = c->n;
	for (u32 i = 0; i < n; i++) // cause: checked
		c->sum += bpf_get_prandom_u32() & i;
	return TC_ACT_OK;
}
