// Kernel structs are not written.
// expect: mem-btf-read-only
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	bpf_get_current_task_btf()->pid = 5;
	return 0;
}
