/* The task is a plain number for the verifier: it cannot be followed directly. */
#include "bpf.h"

int parent;

SEC("kprobe/do_exit")
int on_exit(struct pt_regs *ctx)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	bpf_probe_read_kernel(&parent, sizeof(parent), &t->tgid);
	return 0;
}
