// A weak kernel function that is called without asking whether it is there.
#include "bpf.h"
LICENSE("GPL");
int bpf_not_there_yet(void *ctx) __ksym __weak;
SEC("tc") int classify(void *ctx) { return bpf_not_there_yet(ctx); }
