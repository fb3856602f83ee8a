// What is removed must have come from the tree.
// expect: kfunc-rbtree-remove-owned
// expect-6.18: ref-leak
#include "bpf.h"
#include "graph_map.h"
#include "less.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct leaf *n;
	struct bpf_rb_node *r;

	if (!v)
		return 0;
	n = bpf_obj_new(struct leaf);
	if (!n)
		return 0;
	bpf_spin_lock(&v->lock);
	r = bpf_rbtree_remove(&v->root, &n->rb);
	bpf_spin_unlock(&v->lock);
	bpf_obj_drop(n);
	return r != NULL;
}
