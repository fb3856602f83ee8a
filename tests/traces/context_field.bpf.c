/* Socket filters cannot read the packet through the context. */
// suggestion: fix-context-field
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("socket")
int first_byte(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data;
	u8 *end = (u8 *)(long)skb->data_end; // rejected

	if (data + 1 > end)
		return 0;
	return data[0] == 0x45 ? skb->len : 0;
}
