// The key is not for writing.
// expect: mem-read-only
#include "bpf.h"
LICENSE("GPL");

SEC("iter/bpf_map_elem")
int prog(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;

	if (key)
		*key = 0;
	return 0;
}
