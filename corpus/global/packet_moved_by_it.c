// A pointer into the packet, for a function that may move the packet.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int pull(struct __sk_buff *skb, u8 *p)
{
	return p ? bpf_skb_pull_data(skb, 64) + *p : 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *end = (u8 *)(long)skb->data_end;

	if (data + 14 > end)
		return 0;
	return pull(skb, data);
}
