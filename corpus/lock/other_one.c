// Releasing the lock of another element.
// expect: lock-different
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct value *w = bpf_map_lookup_elem(&m, &key);

	if (!v || !w)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&w->lock);
	return 0;
}
