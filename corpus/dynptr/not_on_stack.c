// Dynptrs live on the stack.
// expect: call-arg-type
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x;

	bpf_dynptr_read(&x, sizeof x, (void *)skb, 0, 0);
	return 0;
}
