/* The helper is for programs under the GPL only. */
// suggestion: fix-license
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#define LICENSE "Proprietary"
#include "bpf.h"

int parent;

SEC("kprobe/do_exit")
int on_exit(struct pt_regs *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task(), *p; // rejected

	bpf_probe_read_kernel(&p, sizeof(p), &t->real_parent);
	bpf_probe_read_kernel(&parent, sizeof(parent), &p->pid);
	return 0;
}
