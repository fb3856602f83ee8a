// A member of a kernel object, for a function that may write to it.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p)
{
	return p ? *p : 0;
}

SEC("raw_tp")
int prog(void *ctx)
{
	return get(&bpf_get_current_task_btf()->pid);
}
