/* Numbers whose width changes between a check and a use. */
#include "common.h"

#define INDEX(name, ...) TC(name) { VALUE; __VA_ARGS__; return 0; }
#define OUT if (1) return 0
INDEX(bug_s8_negative, s64 i = (s8)skb->mark; if (i >= 64) return 0; v->b[HIDE(i)] = 1)
INDEX(bug_s16_negative, s64 i = (s16)skb->mark; if (i >= 64) return 0; v->b[HIDE(i)] = 1)
INDEX(bug_s32_negative, s64 i = (s32)skb->mark; if (i >= 64) return 0; v->b[HIDE(i)] = 1)
INDEX(bug_low_half_checked, u32 n = skb->mark; u64 i = n; if ((u16)n > 63) return 0; v->b[HIDE(i)] = 1)
INDEX(bug_low_byte_checked, u64 i = skb->mark & 0xfff; u64 j = HIDE(i); if ((u8)j > 63) return 0; v->b[i] = 1)
INDEX(bug_sum_wraps, u32 n = skb->mark; u32 k = HIDE(n) + 1; if (k > 64) return 0; v->b[(u64)n & 0xffff] = 1)
INDEX(bug_product, u64 i = (skb->mark & 15) * 5; v->b[HIDE(i)] = 1)
INDEX(bug_shifted, u64 i = (skb->mark & 31) << 2; v->b[HIDE(i)] = 1)
INDEX(bug_divided, u32 d = HIDE(1 << 25); u64 i = skb->mark / d; v->b[i] = 1)
INDEX(bug_remainder, u32 d = HIDE(65); u64 i = skb->mark % d; v->b[i] = 1)
INDEX(bug_checked_signed, s32 n = skb->mark; if (HIDE(n) > 63) return 0; v->b[(u64)(u32)n & 0xff] = 1)
INDEX(bug_difference, u64 a = skb->mark & 63; u64 b = skb->priority & 63; v->b[a - b] = 1)
INDEX(bug_bytes_of_index, u64 i = skb->mark & 255; u64 j = HIDE(i) >> 1; if (j > 32) return 0; v->b[i] = 1)
INDEX(bug_swapped, u64 i = __builtin_bswap32(skb->mark) & 0x4f; v->b[HIDE(i)] = 1)

INDEX(safe_remainder, u32 d = HIDE(64); u64 i = skb->mark % d; v->b[i] = 1)
INDEX(safe_divided, u32 d = HIDE(1 << 26); u64 i = skb->mark / d; v->b[i] = 1)
INDEX(safe_difference, u64 a = skb->mark & 63; u64 b = skb->priority & 63; u64 c = HIDE(a); if (c < b) return 0; v->b[a - b] = 1)
INDEX(safe_exclusive_or, u64 a = skb->mark & 127; u64 b = HIDE(a) & 64; v->b[a ^ b] = 1)
INDEX(safe_minus_high, u64 a = skb->mark & 255; u64 b = HIDE(a) & 192; v->b[a - b] = 1)
INDEX(safe_shifted_copy, u64 a = skb->mark & 1023; u64 b = HIDE(a) >> 6; if (b) return 0; v->b[a] = 1)
INDEX(safe_times, u64 a = skb->mark & 1023; u64 b = HIDE(a) * 3; if (b > 189) return 0; v->b[a] = 1)
INDEX(safe_complement, u64 a = skb->mark & 1023; u64 b = ~HIDE(a); if (b < ~63ull) return 0; v->b[a] = 1)
