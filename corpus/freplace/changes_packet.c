// The caller does not expect the packet to move.
// expect: attach-ext-changes-packet
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/count")
int with(struct __sk_buff *skb)
{
	bpf_skb_pull_data(skb, 64);
	return 0;
}
