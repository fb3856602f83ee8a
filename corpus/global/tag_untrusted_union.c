// Unions cannot be untrusted arguments.
// expect: global-trusted-match
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

union either { int a; u64 b; };

__noinline int take(union either *u __tag("arg:untrusted"))
{
	barrier_var(u);
	return u != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(NULL);
}
