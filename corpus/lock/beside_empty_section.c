// A section without variables that types know of, beside a lock.
// expect: accepted
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	static const char text[] = "known to nobody";
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = 1;
	bpf_spin_unlock(&v->lock);
	return text[skb->len & 7];
}
