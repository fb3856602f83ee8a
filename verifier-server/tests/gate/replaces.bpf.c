// Replaces a function of a program that nobody named.
#include "bpf.h"
LICENSE("GPL");
SEC("freplace/target") int instead(void *ctx) { return 7; }
