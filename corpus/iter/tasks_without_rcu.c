// Not outside of one in a program that may sleep.
// expect: kfunc-needs-rcu
// expect-6.12: iter-needs-rcu
#include "bpf.h"
LICENSE("GPL");

SEC("syscall")
int prog(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *t;
	int n = 0;

	bpf_iter_task_new(&it, NULL, 0);
	while ((t = bpf_iter_task_next(&it)))
		n += t->pid == 1;
	bpf_iter_task_destroy(&it);
	return n;
}
