/* Packets: every shape of a comparison with the end that is missing, too small, or of something else. */

//// xdp_proto_without_check
//: code: mem-packet-range
//: line: return eth->h_proto
//: says: eth->h_proto
//: author: compared eth + 1 with data_end before the first use
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct ethhdr *eth = data;

	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

//// xdp_ip_beyond_ethernet
//: code: mem-packet-range
//: line: ip->protocol
//: says: ip->protocol
//: author: checked (void *)(ip + 1) > data_end as well
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = (void *)(eth + 1);
	if (ip->protocol == 17)
		return XDP_DROP;
	return XDP_PASS;
}

//// xdp_tcp_behind_variable_ihl
//: code: mem-packet-range
//: line: tcp->dest
//: says: tcp
//: author: checked (void *)(tcp + 1) > data_end after computing tcp from ihl
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct tcphdr *tcp;

	if (data + sizeof(*eth) + sizeof(*ip) + sizeof(*tcp) > data_end)
		return XDP_PASS;
	tcp = (void *)ip + ip->ihl * 4;
	if (tcp->dest == bpf_htons(80))
		return XDP_DROP;
	return XDP_PASS;
}

//// xdp_check_too_small_by_two
//: code: mem-packet-range
//: line: data[14]
//: says: 15
//: author: compared data + 15
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *data_end = (u8 *)(long)ctx->data_end;

	if (data + 13 > data_end)
		return XDP_PASS;
	return data[14] == 0x45 ? XDP_DROP : XDP_PASS;
}

//// xdp_check_inverted
//: code: mem-packet-range
//: line: eth->h_proto
//: says: wrong way round
//: author: turned the comparison round
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) < data_end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

//// xdp_check_in_helper_function_wrong_struct
//: code: mem-packet-range
//: line: udp->dest
//: says: udp->dest
//: author: checked the end of the UDP header and not of the IP header twice
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (struct iphdr *)(eth + 1);
	struct udphdr *udp = (struct udphdr *)(ip + 1);

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	if (ip->protocol != 17)
		return XDP_PASS;
	if (udp->dest == bpf_htons(53))
		return XDP_DROP;
	return XDP_PASS;
}

//// xdp_vlan_loop_without_check
//: code: mem-packet-range
//: line: vlan->proto
//: says: vlan->proto
//: author: compared vlan + 1 with data_end in every round
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct vlan_hdr *vlan;
	u16 proto;
	int i;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	proto = eth->h_proto;
	vlan = (void *)(eth + 1);
	for (i = 0; i < 2; i++) {
		if (proto != bpf_htons(0x8100))
			break;
		proto = vlan->proto;
		vlan++;
	}
	return proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

//// tc_pull_data_keeps_old_pointers
//: code: mem-invalid-access
//: line: ip->protocol
//: says: bpf_skb_pull_data
//: author: read data and data_end again after the pull
//: first: any
#include "net.h"
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > data_end)
		return TC_ACT_OK;
	if (bpf_skb_pull_data(skb, 64))
		return TC_ACT_OK;
	return ip->protocol == 6 ? TC_ACT_SHOT : TC_ACT_OK;
}

//// xdp_adjust_head_then_write
//: code: mem-invalid-access
//: line: eth->h_proto
//: says: bpf_xdp_adjust_head
//: author: reloaded data, data_end and eth after bpf_xdp_adjust_head() and checked again
//: first: any
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -4))
		return XDP_DROP;
	eth->h_proto = bpf_htons(0x8100);
	return XDP_PASS;
}

//// xdp_dns_name_loop
//: code: mem-packet-range
//: line: cursor
//: says: cursor
//: author: checked cursor + 1 > data_end inside the loop
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	u8 *cursor = data + 54;
	int n = 0;

	if (data + 54 > data_end)
		return XDP_PASS;
	for (int i = 0; i < 32; i++) {
		if (*cursor == 0)
			break;
		cursor++;
		n++;
	}
	return n > 10 ? XDP_DROP : XDP_PASS;
}

//// xdp_u16_length_offset
//: code: mem-packet-range
//: line: p[0]
//: says: p
//: author: compared p + 1 with data_end after adding the length
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *data_end = (u8 *)(long)ctx->data_end;
	u16 len;
	u8 *p;

	if (data + 4 > data_end)
		return XDP_PASS;
	len = *(u16 *)(data + 2);
	p = data + 4 + len;
	return p[0] ? XDP_DROP : XDP_PASS;
}

//// tc_strict_less_than
//: code: mem-packet-range
//: line: tcp->window
//: says: tcp->window
//: author: used the size of the TCP header and not of its pointer
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct tcphdr *tcp = data + sizeof(struct ethhdr) + sizeof(struct iphdr);

	if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(tcp) > data_end)
		return TC_ACT_OK;
	return tcp->window == 0 ? TC_ACT_SHOT : TC_ACT_OK;
}

//// tc_ipv6_copy_address
//: code: mem-packet-range
//: line: ip6->saddr
//: says: ip6->saddr
//: author: checked the whole IPv6 header
//: first: edit
#include "net.h"
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 64); __type(key, struct in6_addr); __type(value, u64); } seen SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip6 = data + sizeof(struct ethhdr);
	struct in6_addr key;
	u64 one = 1;

	if (data + sizeof(struct ethhdr) + 20 > data_end)
		return TC_ACT_OK;
	key = ip6->saddr;
	bpf_map_update_elem(&seen, &key, &one, 0);
	return TC_ACT_OK;
}

//// xdp_packet_to_probe_output
//: code: call-packet-arg
//: line: bpf_ringbuf_output
//: says: packet
//: author: bounded the length, and used bpf_xdp_load_bytes into a buffer
//: first: any
#include "net.h"
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	u64 len = data_end - data;

	bpf_ringbuf_output(&events, data, len, 0);
	return XDP_PASS;
}

//// tc_meta_against_wrong_end
//: code: mem-packet-range
//: line: *meta
//: says: data
//: author: compared data_meta + 4 with data
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	u32 *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) > data_end)
		return TC_ACT_OK;
	skb->mark = *meta;
	return data < data_end ? TC_ACT_OK : TC_ACT_SHOT;
}

//// sockopt_level_without_check
//: code: mem-packet-range
//: line: *value
//: says: value
//: author: checked value + 1 > ctx->optval_end
//: first: edit
LICENSE("GPL");
SEC("cgroup/setsockopt") int prog(struct bpf_sockopt *ctx)
{
	u32 *value = ctx->optval;

	if (ctx->level != 6)
		return 1;
	return *value < 100;
}

//// sk_msg_parse_header
//: code: mem-packet-range
//: line: data[3]
//: says: data[3]
//: author: checked the first four bytes
//: first: edit
LICENSE("GPL");
SEC("sk_msg") int prog(struct sk_msg_md *msg)
{
	u8 *data = msg->data;
	u8 *data_end = msg->data_end;

	if (data + 2 > data_end)
		return 1;
	if (data[0] == 'G' && data[3] == ' ')
		return 0;
	return 1;
}

//// xdp_offset_in_u32_variable
//: code: ptr-offset-unbounded
//: line: data + bpf_get_prandom_u32
//: says: packet
//: author: bounded the offset to 1500 and compared p + 4
//: first: any
#include "net.h"
LICENSE("GPL");
volatile const u32 where = 40;
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	void *p = data + bpf_get_prandom_u32() % 100;

	if (p > data_end)
		return XDP_PASS;
	return *(u32 *)p == 7 ? XDP_DROP : XDP_PASS;
}

//// xdp_large_offset_compared
//: code: mem-packet-range
//: line: *p
//: says: offset
//: author: limited the offset before adding it to the pointer
//: first: any
#include "net.h"
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } conf SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	u32 zero = 0, *off = bpf_map_lookup_elem(&conf, &zero);
	u8 *p;

	if (!off)
		return XDP_PASS;
	p = data + *off;
	if ((void *)(p + 1) > data_end)
		return XDP_PASS;
	return *p ? XDP_DROP : XDP_PASS;
}

//// xdp_csum_diff_of_header
//: code: mem-packet-range
//: line: bpf_csum_diff
//: says: bpf_csum_diff
//: author: checked the whole IP header that is summed
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (data + sizeof(struct ethhdr) + 12 > data_end)
		return XDP_PASS;
	return bpf_csum_diff(NULL, 0, ip, sizeof(*ip), 0) ? XDP_PASS : XDP_DROP;
}

//// tc_data_end_minus
//: code: ptr-arith-type
//: line: data_end - sizeof
//: says: end of the packet
//: author: moved the size to the other side
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;

	if (data > data_end - sizeof(*eth))
		return TC_ACT_OK;
	return eth->h_proto == 0 ? TC_ACT_SHOT : TC_ACT_OK;
}

//// socket_filter_direct_packet
//: code: mem-ctx
//: line: skb->data
//: says: socket_filter
//: author: used bpf_skb_load_bytes()
//: first: any
LICENSE("GPL");
SEC("socket") int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data;
	u8 *data_end = (u8 *)(long)skb->data_end;

	if (data + 1 > data_end)
		return 0;
	return data[0];
}

//// xdp_swap_macs_unchecked
//: code: mem-packet-range
//: line: __builtin_memcpy
//: says: 
//: author: checked eth + 1 before the copies
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	u8 tmp[6];

	if (data >= data_end)
		return XDP_PASS;
	__builtin_memcpy(tmp, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, tmp, 6);
	return 3;
}

//// tc_tcp_options_loop
//: code: mem-packet-range
//: line: opt[
//: says: opt
//: author: compared the option's two bytes with data_end in the loop
//: first: edit
#include "net.h"
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct tcphdr *tcp = data + 34;
	u8 *opt = data + 54;

	if (data + 54 > data_end)
		return TC_ACT_OK;
	for (int i = 0; i < 10; i++) {
		if (opt + 1 > (u8 *)data_end)
			break;
		if (opt[0] == 2)
			return opt[1] == 4 ? TC_ACT_SHOT : TC_ACT_OK;
		opt++;
	}
	return tcp->syn ? TC_ACT_OK : TC_ACT_SHOT;
}
