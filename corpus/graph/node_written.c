// Nor is a node.
// expect: mem-btf-special-field
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct node *n = bpf_obj_new(struct node);

	if (!n)
		return 0;
	n->list.opaque[0] = 1;
	bpf_obj_drop(n);
	return 0;
}
