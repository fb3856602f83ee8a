/* A word is read through a cast, one byte further than was compared. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int port(struct __sk_buff *skb)
{
	void *head = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	void *ports;

	if (head + 36 > end) // cause: checked
		return 0;
	ports = head + 34;
	return *(u16 *)ports == bpf_htons(53); // rejected
}
