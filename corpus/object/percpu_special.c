// No lists, trees or counts.
// expect: kfunc-percpu-obj-fields
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a; struct bpf_list_node node; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_percpu_obj_new_impl(local_type(struct thing), NULL);

	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
