// A timer's callback does not tail call, not even where it is never reached.
// expect: async-cb-tail-call
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
	u64 never = 0;

	barrier_var(never);
	if (never)
		bpf_tail_call(map, &progs, 0);
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
	return 0;
}
