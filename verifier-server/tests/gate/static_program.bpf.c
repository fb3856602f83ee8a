// A program that is a static function.
#include "bpf.h"
LICENSE("GPL");
SEC("xdp") static int pass(void *ctx) { return 2; }
