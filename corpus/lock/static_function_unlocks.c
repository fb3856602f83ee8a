// A static function is walked with the lock held and may release it.
// expect: accepted
#include "bpf.h"
#include "locked_map.h"

static __noinline void done(struct value *v)
{
	v->n++;
	bpf_spin_unlock(&v->lock);
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	done(v);
	return 0;
}
