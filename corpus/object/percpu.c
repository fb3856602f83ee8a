// One for each CPU.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_percpu_obj_new_impl(local_type(struct thing), NULL);

	if (t)
		bpf_percpu_obj_drop_impl(t, NULL);
	return 0;
}
