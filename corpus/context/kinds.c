// Fields of the context of sock_ops programs.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("sockops")
int prog(struct bpf_sock_ops *ctx)
{
	return ctx->op == 1 && ctx->family == 2;
}
