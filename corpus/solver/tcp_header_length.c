// The length in the header is taken as it is.
// expect: mem-packet-range
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *end = (u8 *)(long)skb->data_end;
	u32 length;

	if (data + 54 > end)
		return 0;
	length = (data[46] >> 4) * 4;
	return data[34 + length];
}
