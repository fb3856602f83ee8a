// An object that its loader completes: a map without a size, a template to give, constants to set, an optional program.
#include "bpf.h"
LICENSE("GPL");

enum mode { OFF, WATCH, BLOCK };

struct settings {
	u16 ports[4];
	u8 strict;
	u32 limit;
};

const volatile bool use_unknown_helper = 1;
const volatile u32 slots = 100000;
const volatile enum mode mode = OFF;
const volatile char device[16] = "";
const volatile struct settings cfg = {};
u64 seen;

extern unsigned CONFIG_HZ __kconfig;

struct {
	__uint(type, HASH);
	__type(key, u32);
	__type(value, u64);
} flows SEC(".maps");

struct {
	__uint(type, ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} tables SEC(".maps");

static u32 room[8];

SEC("xdp")
int count(struct xdp_md *ctx)
{
	u32 key = ctx->ingress_ifindex;
	u64 one = CONFIG_HZ;

	seen++;
	if (use_unknown_helper)
		((long (*)(void))4242)();
	bpf_map_update_elem(&flows, &key, &one, 0);
	return mode == BLOCK ? 1 : 2;
}

SEC("xdp")
int lookup(struct xdp_md *ctx)
{
	u32 key = 0;
	void *inner = bpf_map_lookup_elem(&tables, &key);

	return inner && bpf_map_lookup_elem(inner, &key) ? 2 : 1;
}

// Loads when no more slots are used than there is room for.
SEC("tc")
int fill(void *skb)
{
	for (u32 i = 0; i < 8; i++)
		room[i] = device[i];
	return *(volatile u32 *)((char *)room + (slots & 0xffff) * 4) + cfg.ports[1] + cfg.strict;
}

// Refused on every kernel, and the loader leaves it out.
SEC("?xdp")
int experiment(struct xdp_md *ctx)
{
	return *(u32 *)(long)ctx->data;
}

