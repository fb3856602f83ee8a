/* The task is a plain number for the verifier: it cannot be followed directly. */
// suggestion: fix-probe-read
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

int parent;

SEC("kprobe/do_exit")
int on_exit(struct pt_regs *ctx)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task(); // cause: established

	parent = t->tgid; // rejected
	return 0;
}
