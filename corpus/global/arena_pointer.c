// A pointer that is tagged as being in the arena.
// expect: mem-arg-type
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARENA);
	__uint(map_flags, F_MMAPABLE);
	__uint(max_entries, 1);
} arena SEC(".maps");

__noinline int get(int __type_tag("arena") *p)
{
	barrier_var(p);
	return p != NULL;
}

SEC("syscall")
int prog(void *ctx)
{
	return get((void *)bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0));
}
