// It does not change the tree.
// expect: kfunc-rbtree-remove-in-callback
// expect-6.18: kfunc-rbtree-in-callback
#include "bpf.h"
#include "graph_map.h"

private(a) struct bpf_spin_lock glock;
private(a) struct bpf_rb_root groot __contains(leaf, rb);

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_rbtree_remove(&groot, a);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct leaf *n = bpf_obj_new(struct leaf);

	if (!n)
		return 0;
	bpf_spin_lock(&glock);
	bpf_rbtree_add(&groot, &n->rb, less);
	bpf_spin_unlock(&glock);
	return 0;
}
