// An iterator left open.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 100);
	while ((v = bpf_iter_num_next(&it)))
		sum += *v;
	return sum & 1;
}
