// A pointer in a node that belongs to a tree is exchanged.
// expect: lock-call-while-held
#include "bpf.h"
LICENSE("GPL");

struct leaf { struct bpf_rb_node rb; struct task_struct __kptr *owner; };

private(a) struct bpf_spin_lock glock;
private(a) struct bpf_rb_root groot __contains(leaf, rb);

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct leaf *n = bpf_obj_new(struct leaf);
	struct task_struct *t;

	if (!n)
		return 0;
	bpf_spin_lock(&glock);
	bpf_rbtree_add(&groot, &n->rb, less);
	t = bpf_kptr_xchg(&n->owner, NULL);
	bpf_spin_unlock(&glock);
	if (t)
		bpf_task_release(t);
	return 0;
}
