// The program ends with the lock held.
// expect: lock-unlock-missing
// expect-6.18: lock-held-at-exit
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	if (skb->len)
		bpf_spin_unlock(&v->lock);
	return 0;
}
