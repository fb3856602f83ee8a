/* The IPv4 header has a variable length; what follows it must be compared with the end again. */
// suggestion: fix-packet-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int syn_only(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct tcphdr *tcp;

	if ((void *)(ip + 1) > data_end)
		return XDP_DROP;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	tcp = (void *)ip + ip->ihl * 4; // cause: computed
	return tcp->syn ? XDP_PASS : XDP_DROP; // rejected
}
