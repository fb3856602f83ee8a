// Tasks are walked inside of an RCU section.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("syscall")
int prog(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *t;
	int n = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 0);
	while ((t = bpf_iter_task_next(&it)))
		n += t->pid == 1;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return n;
}
