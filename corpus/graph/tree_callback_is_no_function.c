// Something else in the place of the function.
// expect: kfunc-arg-not-func
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct leaf *n;

	if (!v)
		return 0;
	n = bpf_obj_new(struct leaf);
	if (!n)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_rbtree_add(&v->root, &n->rb, (void *)v);
	bpf_spin_unlock(&v->lock);
	return 0;
}
