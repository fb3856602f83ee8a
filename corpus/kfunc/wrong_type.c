// A control group for a task.
// expect: kfunc-arg-btf-type
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct cgroup *c = bpf_cgroup_from_id(1);

	if (!c)
		return 0;
	bpf_task_release((void *)c);
	return 0;
}
