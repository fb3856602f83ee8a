// Samples.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("perf_event")
int prog(struct bpf_perf_event_data *ctx)
{
	return ctx->sample_period > 5 && ctx->addr;
}
