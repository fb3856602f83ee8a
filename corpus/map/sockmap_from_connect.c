// Where a socket is just being connected it is not put into a map.
// expect: call-map-type
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, SOCKMAP);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} m SEC(".maps");

SEC("cgroup/connect4")
int prog(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	u32 key = 0;

	if (!sk)
		return 1;
	bpf_map_update_elem(&m, &key, sk, 0);
	return 1;
}
