// Arguments of tracepoints that can be null.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sched_pi_setprio")
int prog(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[1];

	return t->pid;
}
