/* connect hooks allow (1) or deny (0); -1 is neither. */
#include "bpf.h"

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(25))
		return 0;
	return 1;
}
