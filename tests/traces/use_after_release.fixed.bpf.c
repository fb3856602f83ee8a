/* The socket is read after it was given back. */
#include "bpf.h"

SEC("tc")
int port(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = { .ipv4 = { .saddr = 0x0100007f, .daddr = 0x0100007f, .dport = bpf_htons(80) } };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return TC_ACT_OK;
	u32 src = sk->src_port;

	bpf_sk_release(sk);
	return src == 80 ? TC_ACT_OK : TC_ACT_SHOT;
}
