// A sample is not the callback's to release.
// expect: call-release-const-dynptr
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, USER_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

static long sample(struct bpf_dynptr *p, void *ctx)
{
	bpf_ringbuf_discard_dynptr(p, 0);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_user_ringbuf_drain(&rb, sample, NULL, 0);
	return 0;
}
