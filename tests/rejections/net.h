/* Headers of packets, as far as the programs here look at them. */
#pragma once

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_htonl(x) __builtin_bswap32(x)
#define XDP_DROP 1
#define XDP_PASS 2
#define TC_ACT_OK 0
#define TC_ACT_SHOT 2

struct ethhdr { u8 h_dest[6], h_source[6]; u16 h_proto; } __attribute__((packed));
struct vlan_hdr { u16 tci, proto; };
struct iphdr {
	u8 ihl : 4, version : 4, tos;
	u16 tot_len, id, frag_off;
	u8 ttl, protocol;
	u16 check;
	u32 saddr, daddr;
};
struct in6_addr { u32 a[4]; };
struct ipv6hdr { u32 flow; u16 payload_len; u8 nexthdr, hop_limit; struct in6_addr saddr, daddr; };
struct udphdr { u16 source, dest, len, check; };
struct tcphdr {
	u16 source, dest;
	u32 seq, ack_seq;
	u16 res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1, cwr : 1;
	u16 window, check, urg_ptr;
};
struct icmphdr { u8 type, code; u16 checksum; u32 rest; };
struct dnshdr { u16 id, flags, questions, answers, authorities, additional; };
