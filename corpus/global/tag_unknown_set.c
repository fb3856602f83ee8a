// Tags that contradict each other.
// expect: global-tag-combination
#include "bpf.h"
LICENSE("GPL");

__noinline int take(struct task_struct *t __tag("arg:trusted") __tag("arg:ctx"))
{
	return t != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(bpf_get_current_task_btf());
}
