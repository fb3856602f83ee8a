// The same resilient lock again is a certain deadlock.
// expect: lock-again
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
	if (!bpf_res_spin_lock(&v->lock))
		bpf_res_spin_unlock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}
