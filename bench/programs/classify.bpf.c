/* The first of 120 rules that holds for addresses, port and protocol of a packet; none does but the last. */
#include "bench.h"

struct rule {
	u32 from, from_mask, to, to_mask;
	u16 low, high;
	u8 protocol, action, pad[2];
};

#define R(n) { 0x0a000000 + (n) * 77, 0xffffff00, 0xc0a80000 + (n) * 3, 0xffffffff, (n) * 10, (n) * 10 + 500, 6 + (n) % 2 * 11, n },
#define R10(n) R(n) R(n + 1) R(n + 2) R(n + 3) R(n + 4) R(n + 5) R(n + 6) R(n + 7) R(n + 8) R(n + 9)
static const struct rule rules[120] = {
	R10(1) R10(11) R10(21) R10(31) R10(41) R10(51) R10(61) R10(71) R10(81) R10(91) R10(101)
	R(111) R(112) R(113) R(114) R(115) R(116) R(117) R(118) R(119)
	{ 0, 0, 0, 0, 0, 65535, 6, 120 },
};

SEC("xdp")
int classify(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;

	if (data + 54 > end)
		return 0;
	u32 from = __builtin_bswap32(*(u32 *)(data + 26));
	u32 to = __builtin_bswap32(*(u32 *)(data + 30));
	u16 port = __builtin_bswap16(*(u16 *)(data + 36));
	u8 protocol = data[23];

	for (u32 i = 0; i < 120; i++) {
		const struct rule *r = &rules[i];
		if ((from & r->from_mask) == r->from && (to & r->to_mask) == r->to && port >= r->low && port <= r->high &&
		    protocol == r->protocol)
			return r->action;
	}
	return 0;
}
