/* A NAT step: the port is rewritten, then the old header pointer is read again for the checksum. */
// suggestion: fix-packet-recheck
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int dnat(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	u32 to = 0x0100000a, from;

	if ((void *)(ip + 1) > data_end)
		return TC_ACT_OK;
	if (ip->protocol != IPPROTO_UDP)
		return TC_ACT_OK;
	bpf_skb_store_bytes(skb, sizeof(struct ethhdr) + 16, &to, sizeof(to), 0); // cause: lost
	from = ip->daddr; // rejected
	bpf_l3_csum_replace(skb, sizeof(struct ethhdr) + 10, from, to, sizeof(to));
	return TC_ACT_OK;
}
