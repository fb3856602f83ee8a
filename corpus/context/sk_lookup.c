// Socket lookup.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("sk_lookup")
int prog(struct bpf_sk_lookup *ctx)
{
	return ctx->remote_ip4 == 0;
}
