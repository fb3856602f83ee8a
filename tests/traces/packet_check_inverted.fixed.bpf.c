/* The comparison leaves where the packet is long enough. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int only_arp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data; // cause: established
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > data_end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_ARP) ? XDP_PASS : XDP_DROP; // rejected
}
