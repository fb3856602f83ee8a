// A node is read that belongs to a tree.
// expect: accepted
#include "bpf.h"
#include "graph_map.h"
#include "less.h"

private(a) struct bpf_spin_lock glock;
private(a) struct bpf_rb_root groot __contains(leaf, rb);

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct leaf *n = bpf_obj_new(struct leaf);
	u64 data;

	if (!n)
		return 0;
	bpf_spin_lock(&glock);
	bpf_rbtree_add(&groot, &n->rb, less);
	data = n->data;
	bpf_spin_unlock(&glock);
	return data;
}
