// An iterator over a map gets keys and values as buffers.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("iter/bpf_map_elem")
int prog(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;
	u64 *value = ctx->value;

	if (!key || !value)
		return 0;
	*value += *key;
	return 0;
}
