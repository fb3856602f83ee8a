// Some fields are known to be: the leader of a thread group.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf()->group_leader;

	t = bpf_task_acquire(t);
	if (t)
		bpf_task_release(t);
	return 0;
}
