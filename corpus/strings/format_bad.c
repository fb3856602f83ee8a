// Made of conversions that exist.
// expect: call-format
#include "bpf.h"
LICENSE("GPL");

static const char fmt[] = "%d %y";

SEC("tc")
int prog(struct __sk_buff *skb)
{
	char out[16];
	u64 args[] = { skb->len, 0 };

	bpf_snprintf(out, sizeof out, fmt, args, sizeof args);
	return 0;
}
