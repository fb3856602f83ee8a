// And hold numbers only.
// expect: kfunc-percpu-obj-scalars
#include "bpf.h"
LICENSE("GPL");

struct thing { void *p; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_percpu_obj_new_impl(local_type(struct thing), NULL);

	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
