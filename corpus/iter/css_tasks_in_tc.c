// Tasks of a control group may only be walked where their lock cannot be held.
// expect: kfunc-css-task
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/cgroup_attach_task")
int prog(u64 *ctx)
{
	struct bpf_iter_css_task it;

	bpf_iter_css_task_new(&it, NULL, 0);
	bpf_iter_css_task_destroy(&it);
	return 0;
}
