// Fields of a kernel struct, one after the other.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();

	return t->group_leader->real_parent->pid + t->mm->start_stack;
}
