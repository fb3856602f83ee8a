/* A kernel function hands out a reference that nobody gives back. */
// suggestion: fix-release
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;

int tgid;

SEC("tp_btf/task_newtask")
int newtask(u64 *ctx)
{
	struct task_struct *p = bpf_task_from_pid(1); // cause: established

	if (!p)
		return 0;
	tgid = p->tgid;
	return 0;
} // rejected
