// What the order of a tree calls counts as part of it on some releases.
// expect: lock-call-while-held
// expect-6.12: kfunc-rbtree-remove-in-callback
#include "bpf.h"
#include "graph_map.h"

private(a) struct bpf_spin_lock glock;
private(a) struct bpf_rb_root groot __contains(leaf, rb);

static __noinline int take(struct bpf_rb_node *a)
{
	struct bpf_rb_node *n = bpf_rbtree_remove(&groot, a);

	if (n)
		bpf_obj_drop(container_of(n, struct leaf, rb));
	return 0;
}

static bool calls(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return take(a);
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct leaf *n = bpf_obj_new(struct leaf);

	if (!n)
		return 0;
	bpf_spin_lock(&glock);
	bpf_rbtree_add(&groot, &n->rb, calls);
	bpf_spin_unlock(&glock);
	return 0;
}
