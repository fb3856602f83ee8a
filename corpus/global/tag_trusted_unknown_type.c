// No type of the kernel has this name.
// expect: global-trusted-match
#include "bpf.h"
LICENSE("GPL");

struct nowhere_to_be_found { int a; };

__noinline int take(struct nowhere_to_be_found *t __tag("arg:trusted"))
{
	barrier_var(t);
	return t != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(NULL);
}
