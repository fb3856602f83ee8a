// Nor may socket filters use them.
// expect: map-lock-socket-filter
#include "bpf.h"
#include "locked_map.h"

SEC("socket")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	return v->n;
}
