// A key that is only read, given to a helper that writes.
// expect: call-arg-type
#include "bpf.h"
LICENSE("GPL");

SEC("iter/bpf_map_elem")
int prog(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;

	if (key)
		bpf_probe_read_kernel(key, 4, NULL);
	return 0;
}
