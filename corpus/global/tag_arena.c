// An arena pointer may be passed as such.
// expect: accepted
// cpu: v4
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARENA);
	__uint(map_flags, F_MMAPABLE);
	__uint(max_entries, 2);
} arena SEC(".maps");

__noinline int take(int *p __tag("arg:arena"))
{
	return p != NULL;
}

SEC("syscall")
int prog(void *ctx)
{
	void __arena *page = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);
	return take((int *)page);
}
