/* One way out leaves the RCU section open. */
// suggestion: fix-unlock
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;

SEC("tp_btf/task_newtask")
int watch(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	bpf_rcu_read_lock(); // cause: established
	if (task->pid == 7) // cause: checked
		return 0;
	bpf_rcu_read_unlock();
	return 0;
} // rejected
