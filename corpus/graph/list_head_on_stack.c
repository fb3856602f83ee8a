// A head on the stack is none.
// expect: kfunc-arg-root
#include "bpf.h"
#include "graph_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_list_head head = {};
	struct bpf_list_node *l = bpf_list_pop_front(&head);

	if (l)
		bpf_obj_drop(container_of(l, struct node, list));
	return 0;
}
