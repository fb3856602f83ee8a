/* A socket that was looked up is only released when it is in the state that is asked for. */
// suggestion: fix-release
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

SEC("tc")
int known(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = { .ipv4 = { .saddr = 0x0100007f, .daddr = 0x0100007f, .dport = bpf_htons(80) } };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0); // cause: established

	if (!sk)
		return TC_ACT_OK;
	if (sk->state != BPF_TCP_LISTEN)
		return TC_ACT_SHOT;
	bpf_sk_release(sk);
	return TC_ACT_OK;
} // rejected
