/* Indices whose bound follows from two values together. */
#include "common.h"

#define INDEX(name, ...) TC(name) { VALUE; __VA_ARGS__; return 0; }
#define LOW(n) (skb->mark & (n))
#define OTHER(n) (skb->priority & (n))
INDEX(safe_sum_checked, u64 a = LOW(127), b = OTHER(127); if (HIDE(a) + HIDE(b) > 63) return 0; v->b[a + b] = 1)
INDEX(safe_minimum, u64 a = LOW(255), b = OTHER(63); u64 c = HIDE(a) < HIDE(b) ? a : b; v->b[HIDE(c)] = 1)
INDEX(safe_mask_by_other, u64 a = LOW(255); u64 b = HIDE(a) & 192; v->b[HIDE(a) - b] = 1)
INDEX(safe_mean, u64 a = LOW(63), b = OTHER(63); u64 c = HIDE(a) + HIDE(b); v->b[(c + a - HIDE(a)) >> 1] = 1)
INDEX(safe_same_parity, u64 a = LOW(127); u64 b = HIDE(a) ^ a; v->b[b + 63] = 1)
INDEX(safe_low_and_high, u64 a = LOW(1023); u64 h = HIDE(a) >> 6, l = HIDE(a) & 63; v->b[a - (h << 6)] = 1; v->b[l] = 1)
INDEX(safe_square, u64 a = LOW(15); u64 b = HIDE(a); u64 s = a * b; if (s > 63) return 0; v->b[a * a] = 1)
INDEX(safe_and_of_both, u64 a = LOW(255), b = 255 - HIDE(a); v->b[a & b] = 1; v->b[HIDE(a) & ~a] = 1)
INDEX(safe_absolute, s64 a = (s64)LOW(63) - 32; s64 b = HIDE(a) < 0 ? -HIDE(a) : HIDE(a); v->b[b] = 1)
INDEX(safe_between, u64 a = LOW(1023); if (HIDE(a) - 100 > 63) return 0; v->b[a - 100] = 1)
INDEX(safe_one_of_two, u64 a = LOW(1); u64 b = HIDE(a) * 40 + (1 - a) * 20; v->b[b] = 1)
INDEX(safe_swapped_twice, u64 a = LOW(63); u64 b = __builtin_bswap32(HIDE(a)); u32 c = HIDE(b); v->b[__builtin_bswap32(c)] = 1)
INDEX(bug_sum_checked_late, u64 a = LOW(127), b = OTHER(127); if (HIDE(a) + HIDE(b) > 64) return 0; v->b[a + b] = 1)
INDEX(bug_maximum, u64 a = LOW(255), b = OTHER(63); u64 c = HIDE(a) > HIDE(b) ? a : b; v->b[HIDE(c)] = 1)
INDEX(bug_square, u64 a = LOW(15); u64 b = HIDE(a); u64 s = a * b; if (s > 66) return 0; v->b[a * a] = 1)
INDEX(bug_absolute, s64 a = (s64)LOW(127) - 63; s64 b = HIDE(a) < 0 ? -HIDE(a) : HIDE(a); v->b[b] = 1)
INDEX(bug_between, u64 a = LOW(1023); if (HIDE(a) - 100 > 255) return 0; v->b[a - 100] = 1)
