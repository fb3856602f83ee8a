// What is no node of the program's own is not asked for neighbours.
// expect: kfunc-rbtree-node
// kernel: 6.18
#include "bpf.h"
#include "graph_map.h"

extern struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *t = bpf_get_current_task_btf();

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_rbtree_left(&v->root, (struct bpf_rb_node *)t);
	bpf_spin_unlock(&v->lock);
	return 0;
}
