// Those are small.
// expect: kfunc-percpu-obj-size
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a[100]; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_percpu_obj_new_impl(local_type(struct thing), NULL);

	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
