// Iterators live on the stack.
// expect: iter-not-on-stack
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_iter_num_new((void *)skb, 0, 100);
	return 0;
}
