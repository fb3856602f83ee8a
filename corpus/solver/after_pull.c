// A pointer from before the packet was pulled.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *end = (u8 *)(long)skb->data_end;

	if (data + 14 > end)
		return 0;
	if (bpf_skb_pull_data(skb, 64))
		return 0;
	return data[12];
}
