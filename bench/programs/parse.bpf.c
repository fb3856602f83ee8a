/* Ethernet, IPv4 and TCP are parsed, both checksums verified, and the packet turned around. */
#include "bench.h"

INLINE u32 fold(u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	u8 *data = (u8 *)(long)ctx->data;
	u8 *end = (u8 *)(long)ctx->data_end;

	if (data + 54 > end)
		return XDP_PASS;
	if (*(u16 *)(data + 12) != 0x0008)
		return XDP_PASS;
	if (data[14] != 0x45 || data[23] != 6)
		return XDP_PASS;

	u64 sum = 0;
	for (int i = 0; i < 10; i++)
		sum += *(u16 *)(data + 14 + i * 2);
	if (fold(sum) != 0xffff)
		return XDP_DROP;

	u32 len = (data[16] << 8 | data[17]) - 20;
	if (len > 1480)
		return XDP_DROP;

	/* The pseudo header, then words, then what is left. */
	sum = (len >> 8 | (len & 0xff) << 8) + 0x0600;
	for (int i = 0; i < 4; i++)
		sum += *(u16 *)(data + 26 + i * 2);
	u8 *at = data + 34;
	for (int i = 0; i < 370; i++) {
		if (len < 4 || at + 4 > end)
			break;
		sum += *(u32 *)at;
		at += 4;
		len -= 4;
	}
	for (int i = 0; i < 4; i++) {
		if (len == 0 || at + 1 > end)
			break;
		sum += (i & 1) ? *at << 8 : *at;
		at++;
		len--;
	}
	if (fold(sum) != 0xffff)
		return XDP_DROP;

	for (int i = 0; i < 3; i++) {
		u16 mac = *(u16 *)(data + i * 2);
		*(u16 *)(data + i * 2) = *(u16 *)(data + 6 + i * 2);
		*(u16 *)(data + 6 + i * 2) = mac;
	}
	u32 ip = *(u32 *)(data + 26);
	*(u32 *)(data + 26) = *(u32 *)(data + 30);
	*(u32 *)(data + 30) = ip;
	return XDP_TX;
}
