// Not while something is held.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof t, -1, 0);

	if (!sk)
		return 0;
	if (skb->len > 5)
		bpf_throw(1);
	bpf_sk_release(sk);
	return 0;
}
