// A function that sets a timer and tail calls.
// expect: accepted
#include "bpf.h"
#include "timer_map.h"

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

static int expired(void *map, u32 *key, struct value *v)
{
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_timer_set_callback(&v->timer, expired);
	bpf_tail_call(skb, &progs, 0);
	return 0;
}
