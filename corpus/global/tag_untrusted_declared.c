// A type that the kernel only declares has no members to read.
// expect: global-untrusted-type
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

struct mtd_info;

__noinline int take(struct mtd_info *t __tag("arg:untrusted"))
{
	barrier_var(t);
	return t != NULL;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return take(NULL);
}
