// Two lengths that together fit.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { char text[128]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("kprobe")
int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u64 first = ctx->regs[0], second = ctx->regs[1];

	if (!v)
		return 0;
	if (first > 128 || second > 128 || first + second > 128)
		return 0;
	bpf_probe_read_kernel(v->text, first, (void *)ctx->regs[2]);
	bpf_probe_read_kernel(v->text + first, second, (void *)ctx->regs[3]);
	return 0;
}
