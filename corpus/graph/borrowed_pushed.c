// A node that is only borrowed is not pushed.
// expect: kfunc-arg-not-allocated
#include "bpf.h"
#include "graph_map.h"
#include "less.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct bpf_rb_node *r;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	r = bpf_rbtree_first(&v->root);
	if (r)
		bpf_rbtree_add(&v->root, r, less);
	bpf_spin_unlock(&v->lock);
	return 0;
}
