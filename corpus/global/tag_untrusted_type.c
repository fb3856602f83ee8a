// Structs that the kernel does not have cannot be untrusted arguments.
// expect: global-trusted-error
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

__noinline int take(int **t __tag("arg:untrusted"))
{
	barrier_var(t);
	return t != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(NULL);
}
