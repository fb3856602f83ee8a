// A tree keeps its order by a callback; its first node is borrowed, then removed and owned again.
// expect: accepted
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
	n->data = skb->len;
	bpf_spin_lock(&v->lock);
	bpf_rbtree_add(&v->root, &n->rb, less);
	r = bpf_rbtree_first(&v->root);
	if (!r) {
		bpf_spin_unlock(&v->lock);
		return 0;
	}
	r = bpf_rbtree_remove(&v->root, r);
	bpf_spin_unlock(&v->lock);
	if (!r)
		return 0;
	bpf_obj_drop(container_of(r, struct leaf, rb));
	return 0;
}
