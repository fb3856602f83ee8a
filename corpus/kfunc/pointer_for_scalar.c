// A pointer for a number.
// expect: kfunc-arg-not-scalar
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct cgroup *c = bpf_cgroup_from_id((u64)skb);

	if (c)
		bpf_cgroup_release(c);
	return 0;
}
