// A pointer read out of another is not trusted.
// expect: kfunc-arg-not-rcu
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf()->last_wakee;

	t = bpf_task_acquire(t);
	if (t)
		bpf_task_release(t);
	return 0;
}
