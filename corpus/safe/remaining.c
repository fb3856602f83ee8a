// What is left of a buffer behind the first part.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { char text[256]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

SEC("kprobe")
int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	u64 used = ctx->regs[0], n;

	if (!v || used > 200)
		return 0;
	n = 256 - used;
	bpf_probe_read_kernel(v->text + used, n, (void *)ctx->regs[3]);
	return 0;
}
