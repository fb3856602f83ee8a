// A work queue belongs to the map it is in.
// expect: kfunc-wq-map
#include "bpf.h"
#include "wq_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_wq_init(&v->wq, &m2, 0);
	return 0;
}
