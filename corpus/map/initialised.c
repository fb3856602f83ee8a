/* Maps that their declarations fill: a map in a map, and a program in a prog array. No case: `bpfvet run` runs it. */
#include "bpf.h"

int counted(struct xdp_md *ctx);

struct inner { __uint(type, ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } in1 SEC(".maps");
struct {
	__uint(type, ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &in1 } };
struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} jmp SEC(".maps") = { .values = { [1] = (void *)&counted } };
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*tail)(void *ctx, void *map, u32 i) = (void *)12;
u64 tails, misses;

SEC("xdp") int counted(struct xdp_md *ctx)
{
	tails++;
	return 1;
}

SEC("xdp") int entry(struct xdp_md *ctx)
{
	u32 zero = 0;
	void *map = lookup(&outer, &zero);
	u64 *value = map ? lookup(map, &zero) : NULL;

	if (value)
		*value += 1;
	else
		misses++;
	tail(ctx, &jmp, 1);
	return 2;
}
LICENSE("GPL");
