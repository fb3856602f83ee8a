// A program type whose context has no struct type of its own.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int take(void *ctx __tag("arg:ctx"))
{
	return ctx != NULL;
}

SEC("raw_tp/sys_enter")
int prog(struct bpf_raw_tracepoint_args *ctx)
{
	return take(ctx);
}
