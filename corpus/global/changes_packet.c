// A global function that moves the packet makes the caller's packet pointers invalid.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

__noinline int pull(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 64);
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *end = (u8 *)(long)skb->data_end;

	if (data + 14 > end)
		return 0;
	pull(skb);
	return data[0];
}
