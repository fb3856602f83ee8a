// The locks of two elements: one is taken, the other given back.
// expect: accepted
#include "bpf.h"
#include "locked_map.h"

struct outer { struct value *v; };

static long second(void *map, u32 *key, struct value *v, struct outer *o)
{
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&o->v->lock);
	return 0;
}

static long first(void *map, u32 *key, struct value *v, void *ctx)
{
	struct outer o = { v };

	bpf_for_each_map_elem(&m, second, &o, 0);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&m, first, NULL, 0);
	return 0;
}
