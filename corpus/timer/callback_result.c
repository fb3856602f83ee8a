// A timer's callback returns 0.
// expect: return-range
#include "bpf.h"
#include "timer_map.h"

static int expired(void *map, u32 *key, struct value *v)
{
	return 1;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, expired);
	return 0;
}
