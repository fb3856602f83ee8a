// The length of the packet is compared, not a pointer.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *end = (u8 *)(long)skb->data_end;

	if (end - data < 34)
		return 0;
	return data[33];
}
