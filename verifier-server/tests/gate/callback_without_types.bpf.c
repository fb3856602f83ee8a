// A callback of bpf_loop(), built without -g: the kernel wants types for functions whose address is taken.
#include "bpf.h"
LICENSE("GPL");
static long (*loop)(u32, void *, void *, u64) = (void *)181;
static long step(u32 i, void *data) { *(u64 *)data += i; return 0; }
SEC("tc") int sum(void *ctx) { u64 n = 0; return loop(5, step, &n, 0); }
