// Choosing among sockets.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("sk_reuseport")
int prog(struct sk_reuseport_md *ctx)
{
	return ctx->hash & 1;
}
