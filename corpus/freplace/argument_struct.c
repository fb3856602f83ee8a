// A pointer to another struct.
// expect: attach-ext-arg-struct
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/count")
int with(struct xdp_md *skb)
{
	return skb != NULL;
}
