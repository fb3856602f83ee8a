// Next before new.
// expect: iter-not-init
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_next(&it);
	return 0;
}
