// What is one per CPU is dropped by its own function.
// expect: kfunc-arg-percpu-obj-drop
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_percpu_obj_new_impl(local_type(struct thing), NULL);

	if (t)
		bpf_obj_drop(t);
	return 0;
}
