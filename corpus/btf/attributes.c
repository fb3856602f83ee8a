/* A value with a lock, and a tag that cases make an attribute. */
#include "bpf.h"

struct locked { struct bpf_spin_lock lock; u32 a; u32 b; u32 c; };
struct locked use_locked __tag("note");

SEC("tc")
int program(void *ctx)
{
	return 0;
}
LICENSE("GPL");
