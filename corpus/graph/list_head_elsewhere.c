// A pointer that is not to the head.
// expect: graph-field-not-found
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct bpf_list_node *l;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	l = bpf_list_pop_front((void *)&v->root);
	bpf_spin_unlock(&v->lock);
	if (l)
		bpf_obj_drop(container_of(l, struct node, list));
	return 0;
}
