// What is copied is as long as the source says.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { u32 n; char args[128]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("kprobe")
int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u64 start = ctx->regs[0], stop = ctx->regs[1], n = stop - start;

	if (!v || stop <= start || n > 255)
		return 0;
	bpf_probe_read_kernel(v->args, n, (void *)start);
	return 0;
}
