// A struct of the same name may be an argument of a replacement too.
// expect: attach-ext-arg-not-ctx
// expect-6.12: accepted
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

struct pair { int a, b; };

SEC("freplace/of_pair")
int with(struct pair *p)
{
	return p ? p->b : 0;
}
