// What a helper returned is the length so far; the rest of the buffer is used.
// expect: mem-map-value-range
#include "bpf.h"
LICENSE("GPL");

struct value { char text[512]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

HELPER(long, bpf_probe_read_kernel_str, 115, void *dst, u32 size, const void *src);

SEC("kprobe")
int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&values, &zero);
	long n;

	if (!v)
		return 0;
	n = bpf_probe_read_kernel_str(v->text, 64, (void *)ctx->regs[2]);
	if (n < 0 || n > 64)
		return 0;
	bpf_probe_read_kernel_str(v->text + n, sizeof(v->text) - n, (void *)ctx->regs[3]);
	return 0;
}
