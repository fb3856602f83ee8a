// A socket that was looked up is released.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, sizeof t, -1, 0);
	u32 mark;

	if (!sk)
		return 0;
	mark = sk->mark;
	bpf_sk_release(sk);
	return mark & 1;
}
