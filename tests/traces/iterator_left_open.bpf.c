/* The loop is left by return, and the iterator stays. */
// suggestion: fix-release
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

struct bpf_iter_num {
	u64 opaque;
} __attribute__((aligned(8)));
int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("tc")
int count(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	u32 sum = 0;
	int *v;

	bpf_iter_num_new(&it, 0, 10); // cause: established
	while ((v = bpf_iter_num_next(&it))) {
		sum += *v;
		if (sum > skb->len)
			return 1;
	}
	bpf_iter_num_destroy(&it);
	return 0;
} // rejected
