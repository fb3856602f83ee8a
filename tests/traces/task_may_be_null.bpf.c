/* A kernel function is given what another one may not have found. */
// suggestion: fix-null-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;

SEC("tp_btf/task_newtask")
int first(u64 *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1); // cause: established

	bpf_task_release(task); // rejected
	return 0;
}
