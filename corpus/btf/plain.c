/* Types for cases in assembly: functions of several kinds. */
#include "bpf.h"

static __noinline __attribute__((used)) int second(struct __sk_buff *skb)
{
	return skb->len;
}
static __noinline __attribute__((used)) u64 long_result(struct __sk_buff *skb)
{
	return skb->len;
}
static __noinline __attribute__((used)) void *pointer_result(struct __sk_buff *skb)
{
	return skb;
}
static __noinline __attribute__((used)) int step(u32 i, void *ctx)
{
	return 0;
}
static __noinline __attribute__((used)) int unrelated(u64 cookie)
{
	return cookie;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return 0;
}
LICENSE("GPL");
