// The value is declared by its size, so that nobody knows where in it the timer is.
#include "bpf.h"
LICENSE("GPL");
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*timer_init)(void *, void *, u64) = (void *)169;
struct element { struct bpf_timer timer; };
struct { __uint(type, HASH); __uint(max_entries, 4); __uint(key_size, 4); __uint(value_size, sizeof(struct element)); } timers SEC(".maps");
SEC("xdp") int start(void *ctx) {
	u32 key = 0;
	struct element *e = lookup(&timers, &key);
	if (!e)
		return 1;
	return timer_init(&e->timer, &timers, 1);
}
