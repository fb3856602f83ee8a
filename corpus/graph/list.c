// A node goes into a list under its lock and comes out again.
// expect: accepted
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct node *n;
	struct bpf_list_node *l;

	if (!v)
		return 0;
	n = bpf_obj_new(struct node);
	if (!n)
		return 0;
	n->data = skb->len;
	bpf_spin_lock(&v->lock);
	bpf_list_push_front(&v->head, &n->list);
	l = bpf_list_pop_front(&v->head);
	bpf_spin_unlock(&v->lock);
	if (!l)
		return 0;
	n = container_of(l, struct node, list);
	bpf_obj_drop(n);
	return 0;
}
