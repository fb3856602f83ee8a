// Whether it was taken is not asked.
// expect: lock-not-held
// kernel: 6.18
#include "bpf.h"
#include "resilient_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_res_spin_lock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}
