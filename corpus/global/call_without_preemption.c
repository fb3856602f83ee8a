// Nor while preemption is disabled.
// expect: call-global-preempt
// expect-6.18: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int add(int x)
{
	barrier_var(x);
	return x + 1;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x;

	bpf_preempt_disable();
	x = add(skb->len);
	bpf_preempt_enable();
	return x;
}
