// Settings.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup/sysctl")
int prog(struct bpf_sysctl *ctx)
{
	return ctx->write == 0;
}
