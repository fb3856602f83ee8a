// Devices.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup/dev")
int prog(struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->major == 1;
}
