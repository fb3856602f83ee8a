// It stands alone.
// expect: global-tag-untrusted
// expect-6.12: global-tag-unknown
#include "bpf.h"
LICENSE("GPL");

__noinline int take(struct task_struct *t __tag("arg:untrusted") __tag("arg:nonnull"))
{
	return t->pid;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(bpf_get_current_task_btf());
}
