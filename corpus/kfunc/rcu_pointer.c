// Under RCU a pointer is good enough for functions that say so.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct task_struct *t;
	int n = 0;

	bpf_rcu_read_lock();
	t = bpf_get_current_task_btf()->real_parent;
	n = bpf_cpumask_test_cpu(0, t->cpus_ptr);
	bpf_rcu_read_unlock();
	return n;
}
