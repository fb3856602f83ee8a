// Memory that may not be trusted: loads from it cannot fault.
// expect: accepted
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

__noinline int take(struct task_struct *t __tag("arg:untrusted"))
{
	return t->pid;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(bpf_get_current_task_btf());
}
