/* Primes below 4096, one byte a number in a global array. */
#include "bench.h"

static u8 composite[4096];

SEC("xdp")
int sieve(struct xdp_md *ctx)
{
	u32 primes = 0;

	for (u32 i = 0; i < 4096; i++) {
		composite[i] = 0;
		OPAQUE(i);
	}
	for (u32 i = 2; i < 64; i++) {
		if (composite[i & 4095])
			continue;
		for (u32 k = i * i; k < 4096; k += i)
			composite[k & 4095] = 1;
	}
	for (u32 i = 2; i < 4096; i++)
		primes += !composite[i];
	return primes + ctx->ingress_ifindex;
}
