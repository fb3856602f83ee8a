/* Loops whose last round, not the first, decides. */
#include "common.h"

#define SIZED(n) struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u8[n]); } m##n SEC(".maps")
SIZED(40); SIZED(100); SIZED(300); SIZED(1000);
#define DEEP(name, n, rounds) TC(name) { \
	u32 key = 0; u8 *v = bpf_map_lookup_elem(&m##n, &key); u64 sum = 0, i, x = skb->mark; \
	if (!v) return 0; \
	_Pragma("clang loop unroll(disable)") for (i = 0; i < (rounds); i++) sum += v[ZERO(x) + i]; \
	return sum; }
DEEP(bug_deep_41, 40, 41)
DEEP(bug_deep_42, 40, 42)
DEEP(bug_deep_101, 100, 101)
DEEP(bug_deep_301, 300, 301)
DEEP(bug_deep_1001, 1000, 1001)
DEEP(safe_deep_40, 40, 40)
DEEP(safe_deep_100, 100, 100)
DEEP(safe_deep_300, 300, 300)

#define DOWN(name, first) TC(name) { VALUE; u64 sum = 0, x = skb->mark; s64 i; \
	_Pragma("clang loop unroll(disable)") for (i = 63; i >= (first); i--) sum += v->b[i + ZERO(x)]; \
	return sum; }
DOWN(bug_down, -1)
DOWN(safe_down, 0)

#define NESTED(name, inner) TC(name) { VALUE; u64 sum = 0, x = skb->mark, i, j; \
	_Pragma("clang loop unroll(disable)") for (i = 0; i < 8; i++) \
		_Pragma("clang loop unroll(disable)") for (j = 0; j < (inner); j++) sum += v->b[i * 8 + j + ZERO(x)]; \
	return sum; }
NESTED(bug_nested, 9)
NESTED(safe_nested, 8)

#define UNTIL(name, mask) TC(name) { VALUE; u64 sum = 0, x = skb->priority, n = skb->mark & (mask), i; \
	_Pragma("clang loop unroll(disable)") for (i = 0; i < n; i++) sum += v->b[i + ZERO(x)]; \
	return sum; }
UNTIL(bug_until_mark, 127)
UNTIL(safe_until_mark, 63)

#define STRIDE(name, rounds) TC(name) { u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end; \
	u64 sum = 0, i, x = skb->mark; \
	if (p + 64 > end) return 0; \
	_Pragma("clang loop unroll(disable)") for (i = 0; i < (rounds); i++) sum += *(p + 4 * i + ZERO(x) + 3); \
	return sum; }
STRIDE(bug_stride, 17)
STRIDE(safe_stride, 16)
