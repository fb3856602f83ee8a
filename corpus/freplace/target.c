/* The program whose functions the others replace. */
#include "bpf.h"
LICENSE("GPL");

struct pair { int a, b; };

__noinline int count(struct __sk_buff *skb)
{
	return skb->len;
}

__noinline int number(int x)
{
	barrier_var(x);
	return x + 1;
}

__noinline u64 wide(u64 x)
{
	barrier_var(x);
	return x + 1;
}

__noinline int of_pair(struct pair *p)
{
	return p ? p->a : 0;
}

__noinline int of_int(int *p)
{
	return p ? *p : 0;
}

static __noinline int hidden(int x)
{
	barrier_var(x);
	return x + 2;
}

static __noinline int odd(u64 x)
{
	barrier_var(x);
	return x != 0;
}

__noinline int caught(u64 cookie)
{
	return cookie & 1;
}

SEC("tc")
__tag("exception_callback:caught")
int entry(struct __sk_buff *skb)
{
	struct pair p = { 1, 2 };
	int x = skb->len;

	if (x == 77)
		bpf_throw(x);
	return count(skb) + number(skb->len) + wide(skb->len) + hidden(skb->mark) + odd((u64)skb) + of_pair(&p) + of_int(&x);
}
