// Only a pointer to the iterator.
// expect: iter-not-on-stack
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_iter_num_destroy((void *)skb);
	return 0;
}
