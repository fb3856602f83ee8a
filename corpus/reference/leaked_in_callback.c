// Nor left behind by one.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

static int take(u32 i, struct __sk_buff **skb)
{
	struct bpf_sock_tuple t = {};
	return bpf_sk_lookup_tcp(*skb, &t, sizeof t, -1, 0) != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_loop(1, take, &skb, 0);
	return 0;
}
