// The context of raw tracepoints is an array, which no struct is.
// expect: global-ctx-type
#include "bpf.h"
LICENSE("GPL");

struct mine { u64 a; };

__noinline int take(struct mine *ctx __tag("arg:ctx"))
{
	return ctx->a;
}

SEC("raw_tp/sys_enter")
int prog(struct mine *ctx)
{
	return take(ctx);
}
