// Neighbours can be asked of a node that is not in the tree.
// expect: accepted
// kernel: 6.18
#include "bpf.h"
#include "graph_map.h"

extern struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

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
	bpf_rbtree_left(&v->root, &n->rb);
	bpf_spin_unlock(&v->lock);
	bpf_obj_drop(n);
	return 0;
}
