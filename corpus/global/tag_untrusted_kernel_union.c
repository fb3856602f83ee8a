// Unions cannot be untrusted arguments, even if the kernel has them.
// expect: accepted
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

union bpf_attr { int a; u64 b; };

__noinline int take(union bpf_attr *u __tag("arg:untrusted"))
{
	barrier_var(u);
	return u != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(NULL);
}
