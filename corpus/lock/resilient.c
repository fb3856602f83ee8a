// A lock that may fail to be taken.
// expect: accepted
// kernel: 6.18
#include "bpf.h"
#include "resilient_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return 0;
}
