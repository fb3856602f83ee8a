/* connect hooks allow (1) or deny (0); -1 is neither. */
// suggestion: fix-return-value
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(25)) // cause: established
		return -1;
	return 1;
} // rejected
