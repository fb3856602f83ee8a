// A socket goes into a map of sockets.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, SOCKMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk = bpf_skc_lookup_tcp(skb, &t, sizeof t, -1, 0);
	u32 key = 0;

	if (!sk)
		return 0;
	bpf_map_update_elem(&m, &key, sk, 0);
	bpf_sk_release(sk);
	return 0;
}
