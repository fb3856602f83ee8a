// Light weight tunnels.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("lwt_xmit")
int prog(struct __sk_buff *skb)
{
	return skb->len > 1000;
}
