/* Calls of helpers that do little. */
#include "bench.h"

SEC("xdp")
int helpers(struct xdp_md *ctx)
{
	u32 n = ctx->ingress_ifindex;

	for (int i = 0; i < 100; i++) {
		n += bpf_get_prandom_u32() & 1;
		n += bpf_get_smp_processor_id();
	}
	return n > 1000000;
}

SEC("xdp")
int clock(struct xdp_md *ctx)
{
	u64 last = ctx->ingress_ifindex, back = 0;

	for (int i = 0; i < 100; i++) {
		u64 now = bpf_ktime_get_ns();
		back += now < last;
		last = now;
	}
	return back;
}
