/* The first header was compared, the second one is read as well. */
// suggestion: fix-packet-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("xdp")
int only_icmp6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct ipv6hdr *ip6 = (void *)(eth + 1);

	if (data + sizeof(*eth) > data_end || eth->h_proto != bpf_htons(ETH_P_IPV6)) // cause: checked
		return XDP_PASS;
	if ((void *)(ip6 + 1) > data_end)
		return 0;
	return ip6->nexthdr == 58 ? XDP_DROP : XDP_PASS; // rejected
}
