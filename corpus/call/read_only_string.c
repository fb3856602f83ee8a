// Nor a string that is a constant.
// expect: mem-map-read-only
#include "bpf.h"
LICENSE("GPL");

static const char text[16] = "constant";

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_skb_load_bytes(skb, 0, (void *)text, 8);
	return 0;
}
