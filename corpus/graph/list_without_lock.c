// Not without the lock.
// expect: graph-lock-not-held
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
	bpf_list_push_front(&v->head, &n->list);
	return 0;
}
