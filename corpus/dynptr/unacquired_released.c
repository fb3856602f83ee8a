// A clone of packet memory is nothing to submit.
// expect: call-release-dynptr
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb(skb, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
