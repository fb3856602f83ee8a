// A signed length that is never negative.
// expect: call-size-unbounded
#include "bpf.h"
LICENSE("GPL");

struct value { char text[64]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("kprobe")
int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	int begin = ctx->regs[0] & 63, end = ctx->regs[1] & 63;

	if (!v || end <= begin)
		return 0;
	bpf_probe_read_kernel(v->text, end - begin, (void *)ctx->regs[2]);
	return 0;
}
