/* Kernel structures can be read, not written. */
// suggestion: fix-read-only
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("kprobe/do_exit")
int hide(struct pt_regs *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(); // cause: established

	t->tgid = 1; // rejected
	return 0;
}
