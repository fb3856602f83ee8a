/* Pulling data in may move the packet: the header pointer from before is of no use any more. */
// suggestion: fix-packet-recheck
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int ttl(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > data_end)
		return TC_ACT_OK;
	if (ip->protocol != IPPROTO_TCP)
		return TC_ACT_OK;
	bpf_skb_pull_data(skb, 54); // cause: lost
	if (ip->ttl <= 1) // rejected
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}
