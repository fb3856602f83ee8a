// The context of tracing programs has no struct at all.
// expect: global-ctx-void
#include "bpf.h"
LICENSE("GPL");

struct mine { u64 a; };

__noinline int take(struct mine *ctx __tag("arg:ctx"))
{
	return ctx->a;
}

SEC("tp_btf/sys_enter")
int prog(struct mine *ctx)
{
	return take(ctx);
}
