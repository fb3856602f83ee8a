// Two are released in the opposite order of taking.
// expect: lock-order
// kernel: 6.18
#include "bpf.h"
#include "resilient_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct value *w = bpf_map_lookup_elem(&m2, &key);

	if (!v || !w || bpf_res_spin_lock(&v->lock))
		return 0;
	if (bpf_res_spin_lock(&w->lock)) {
		bpf_res_spin_unlock(&v->lock);
		return 0;
	}
	bpf_res_spin_unlock(&v->lock);
	bpf_res_spin_unlock(&w->lock);
	return 0;
}
