/* The Ethernet header is read without looking where the packet ends. */
// suggestion: fix-packet-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int drop_arp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data; // cause: established
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (eth->h_proto == bpf_htons(ETH_P_ARP)) // rejected
		return XDP_DROP;
	return XDP_PASS;
}
