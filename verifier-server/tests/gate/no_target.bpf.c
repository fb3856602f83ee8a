// Attaches to a function that the kernel does not have.
#include "bpf.h"
LICENSE("GPL");
SEC("fentry/not_a_kernel_function") int enter(u64 *ctx) { return 0; }
