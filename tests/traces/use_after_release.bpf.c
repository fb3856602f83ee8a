/* The socket is read after it was given back. */
// suggestion: fix-use-before-release
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("tc")
int port(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = { .ipv4 = { .saddr = 0x0100007f, .daddr = 0x0100007f, .dport = bpf_htons(80) } };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return TC_ACT_OK;
	bpf_sk_release(sk); // cause: lost
	return sk->src_port == 80 ? TC_ACT_OK : TC_ACT_SHOT; // rejected
}
