// What was derived from a socket dies with it.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof t, -1, 0);
	struct bpf_tcp_sock *tcp;

	if (!sk)
		return 0;
	tcp = bpf_tcp_sock(sk);
	bpf_sk_release(sk);
	return tcp ? tcp->snd_cwnd : 0;
}
