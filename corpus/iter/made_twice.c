// New on top of an open one.
// expect: iter-not-uninit
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 100);
	bpf_iter_num_new(&it, 0, 100);
	bpf_iter_num_destroy(&it);
	return 0;
}
