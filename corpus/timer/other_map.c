// A timer belongs to the map it is in.
// expect: call-timer-map
#include "bpf.h"
#include "timer_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0, key2 = 1;
	struct inner *in = bpf_map_lookup_elem(&outer, &key);
	struct inner *in2 = bpf_map_lookup_elem(&outer, &key2);
	struct value *v;

	if (!in || !in2)
		return 0;
	v = bpf_map_lookup_elem(in, &key);
	if (!v)
		return 0;
	bpf_timer_init(&v->timer, in2, 0);
	return 0;
}
