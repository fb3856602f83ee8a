// The current task is not the program's to release.
// expect: kfunc-release-unreferenced
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	bpf_task_release(bpf_get_current_task_btf());
	return 0;
}
