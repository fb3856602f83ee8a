/* Kernel structures can be read, not written. */
#include "bpf.h"

SEC("kprobe/do_exit")
int hide(struct pt_regs *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();

	int tgid = t->tgid;

	tgid = 1;
	asm volatile("" ::"r"(tgid));
	return 0;
}
