// Kernel structs are for GPL-compatible programs.
// expect: call-gpl-only
#include "bpf.h"
LICENSE("Proprietary");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return bpf_get_current_task_btf()->pid;
}
