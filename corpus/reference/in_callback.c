// A reference of the caller is not released in a callback, which may run more than once.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

struct data { struct bpf_sock *sk; };

static int release(u32 i, struct data *d)
{
	bpf_sk_release(d->sk);
	return 1;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = {};
	struct data d = { bpf_sk_lookup_tcp(skb, &t, sizeof t, -1, 0) };

	if (!d.sk)
		return 0;
	bpf_loop(1, release, &d, 0);
	return 0;
}
