// Nor is there anything before it.
// expect: mem-buffer-negative
#include "bpf.h"
LICENSE("GPL");

SEC("iter/bpf_map_elem")
int prog(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;

	return key ? key[-1] & 1 : 0;
}
