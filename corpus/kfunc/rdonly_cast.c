// A number becomes a pointer that is only read, safely.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct sk_buff *kskb = bpf_cast_to_kern_ctx(skb);
	struct sock *sk = bpf_rdonly_cast(kskb->sk, __builtin_btf_type_id(*(struct sock *)0, 1));

	return sk->sk_rcvbuf;
}
