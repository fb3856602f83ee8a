// A node is in one list only.
// expect: kfunc-arg-not-allocated
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct node *n;

	if (!v)
		return 0;
	n = bpf_obj_new(struct node);
	if (!n)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_list_push_front(&v->head, &n->list);
	bpf_list_push_front(&v->head, &n->list);
	bpf_spin_unlock(&v->lock);
	return 0;
}
