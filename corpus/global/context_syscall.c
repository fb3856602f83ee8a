// The context of syscall programs has no type: any pointer tagged as one is taken.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct args { u64 a; };

__noinline int take(struct args *ctx __tag("arg:ctx"))
{
	return ctx->a;
}

SEC("syscall")
int prog(struct args *ctx)
{
	return take(ctx);
}
