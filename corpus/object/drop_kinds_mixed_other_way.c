// And the other way round.
// expect: kfunc-arg-obj-drop
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new(struct thing);

	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
