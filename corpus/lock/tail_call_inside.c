// Nor is a lock held over a subprogram that calls one.
// expect: lock-call-while-held
#include "bpf.h"
#include "locked_map.h"

static __noinline int random(void)
{
	return bpf_get_prandom_u32();
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = random();
	bpf_spin_unlock(&v->lock);
	return 0;
}
