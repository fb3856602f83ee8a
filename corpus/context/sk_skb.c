// Streams.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("sk_skb/stream_parser")
int prog(struct __sk_buff *skb)
{
	return skb->len;
}
