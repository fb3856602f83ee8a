// The section must last as long as the iterator.
// expect: iter-needs-rcu
#include "bpf.h"
LICENSE("GPL");

SEC("syscall")
int prog(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *t;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 0);
	bpf_rcu_read_unlock();
	t = bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	return t != NULL;
}
