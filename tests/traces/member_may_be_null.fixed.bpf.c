/* A pointer in the context is followed without a check. */
// suggestion: fix-null-check
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("sockops")
int family(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	if (!sk)
		return 0;
	return sk->family == 2; // rejected
}
