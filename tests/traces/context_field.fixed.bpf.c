/* Socket filters cannot read the packet through the context. */
#include "bpf.h"

SEC("socket")
int first_byte(struct __sk_buff *skb)
{
	u8 first;

	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return 0;
	return first == 0x45 ? skb->len : 0;
}
