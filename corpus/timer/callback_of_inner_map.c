// The callback of a timer in an inner map: its map may be the one that was found before, but that is not known.
// expect: call-timer-map
#include "bpf.h"
#include "timer_map.h"

static int expired(void *map, u32 *key, struct value *v)
{
	u32 zero = 0;
	struct inner *in = bpf_map_lookup_elem(&outer, &zero);

	if (in)
		bpf_timer_init(&v->timer, in, 0);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct inner *in = bpf_map_lookup_elem(&outer, &key);
	struct value *v;

	if (!in)
		return 0;
	v = bpf_map_lookup_elem(in, &key);
	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, expired);
	return 0;
}
