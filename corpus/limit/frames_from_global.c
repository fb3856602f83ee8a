// A global function ten calls deep calls ten more: each begins the count anew where functions are walked alone.
// expect: call-too-deep
#include "bpf.h"
LICENSE("GPL");

#define STEP(name, next) static __noinline int name(int x) { barrier_var(x); return next(x) + 1; }
static __noinline int b9(int x) { barrier_var(x); return x; }
STEP(b8, b9)
STEP(b7, b8)
STEP(b6, b7)
STEP(b5, b6)
STEP(b4, b5)
STEP(b3, b4)
STEP(b2, b3)
STEP(b1, b2)
__noinline int middle(int x) { barrier_var(x); return b1(x); }
static __noinline int a9(int x) { barrier_var(x); return middle(x); }
STEP(a8, a9)
STEP(a7, a8)
STEP(a6, a7)
STEP(a5, a6)
STEP(a4, a5)
STEP(a3, a4)
STEP(a2, a3)
STEP(a1, a2)

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return a1(skb->len);
}
