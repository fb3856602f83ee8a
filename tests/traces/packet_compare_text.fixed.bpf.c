/* The comparison covers a part of the text only. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int is_get(struct __sk_buff *skb)
{
	void *d = (void *)(long)skb->data;
	void *e = (void *)(long)skb->data_end;

	if (d + 58 > e) // cause: checked
		return 0;
	return __builtin_memcmp(d + 54, "GET ", 4) == 0; // rejected
}
