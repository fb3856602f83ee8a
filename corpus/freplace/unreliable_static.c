// A static function whose type does not match how it is called.
// expect: attach-replace-static
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/odd")
int with(u64 x)
{
	return x != 0;
}
