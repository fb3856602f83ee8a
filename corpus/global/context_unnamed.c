// A struct without a name is no context.
// expect: global-ctx-unnamed
#include "bpf.h"
LICENSE("GPL");

typedef struct { u32 len; } *mine;

__noinline int take(mine ctx __tag("arg:ctx"))
{
	return ctx->len;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take((mine)skb);
}
