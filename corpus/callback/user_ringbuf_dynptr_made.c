// Nor to make anew.
// expect: dynptr-not-uninit
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, USER_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");
struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 4096);
} out SEC(".maps");

static long sample(struct bpf_dynptr *p, void *ctx)
{
	bpf_ringbuf_reserve_dynptr(&out, 8, 0, p);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_user_ringbuf_drain(&rb, sample, NULL, 0);
	return 0;
}
