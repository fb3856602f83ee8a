/* A field of the context is the index; checked where it stands, it would be read again. */
// suggestion: fix-upper-bound
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int byte_at(struct __sk_buff *skb)
{
	u8 head[32] = {};

	bpf_skb_load_bytes(skb, 0, head, 32);
	return head[skb->mark]; // rejected
}
