/* Ranges that iterators refuse, bits, and results of loops. */
#include "common.h"

extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *words, u32 n) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
#define FOR(from, to, body) { struct bpf_iter_num it; int *p; bpf_iter_num_new(&it, from, to); \
	while ((p = bpf_iter_num_next(&it))) { u64 i = (s64)*p; body; } bpf_iter_num_destroy(&it); }
#define BITS(words, n, body) { struct bpf_iter_bits it; int *p; bpf_iter_bits_new(&it, words, n); \
	while ((p = bpf_iter_bits_next(&it))) { u64 i = (s64)*p; body; } bpf_iter_bits_destroy(&it); }
/* More than 8 Mi rounds are refused when the iterator is made: it shows nothing. */
TC(safe_range_too_long) { VALUE; FOR(0, 9000000, v->b[i] = 1) return 0; }
TC(safe_range_backwards) { VALUE; FOR(70, 3, v->b[i] = 1) return 0; }
TC(safe_range_empty) { VALUE; FOR(99, 99, v->b[i] = 1) return 0; }
TC(bug_range_as_long_as_can_be) { VALUE; FOR(1000, 1000 + (8 << 20), v->b[i] = 1) return 0; }
TC(bug_range_from_mark) { VALUE; s32 n = skb->mark & 127; FOR(n - 64, n, v->b[i] = 1) return 0; }
TC(safe_range_from_mark) { VALUE; s32 n = skb->mark & 31; FOR(n, n + 8, v->b[i] = 1) return 0; }
TC(bug_left_in_the_middle) { VALUE; u64 at = 0; FOR(0, 200, { at = i; if (i == skb->mark) break; }) v->b[at] = 1; return 0; }
TC(safe_left_in_the_middle) { VALUE; u64 at = 0; FOR(0, 200, { if (i > 63) break; at = i; if (i == skb->mark) break; }) v->b[HIDE(at)] = 1; return 0; }
TC(bug_carried_from_round_to_round) { VALUE; u64 at = 1; FOR(0, 7, { at = at * 2; (void)i; }) v->b[at] = 1; return 0; }
TC(safe_carried_from_round_to_round) { VALUE; u64 at = 1; FOR(0, 5, { at = at * 2; (void)i; }) v->b[at] = 1; return 0; }
TC(bug_bits_of_two_words) { VALUE; u64 w[2] = { skb->mark, skb->priority }; BITS(w, 2, v->b[i] = 1) return 0; }
TC(safe_bits_of_one_word) { VALUE; u64 w[1] = { skb->mark }; struct bpf_iter_bits it; int *p; bpf_iter_bits_new(&it, w, 1); p = bpf_iter_bits_next(&it);
	if (p) v->b[(s64)*p] = 1; bpf_iter_bits_destroy(&it); return 0; }
TC(bug_iterator_after_end) { VALUE; struct bpf_iter_num it; int *p, *q; bpf_iter_num_new(&it, 0, 70); q = bpf_iter_num_next(&it); if (!q) { bpf_iter_num_destroy(&it); return 0; }
	while ((p = bpf_iter_num_next(&it))) barrier(); bpf_iter_num_destroy(&it); v->b[*q & 63] = 1; return 0; }
TC(bug_null_from_spent_iterator) { struct bpf_iter_num it; int *p; int r; bpf_iter_num_new(&it, 0, 2); while ((p = bpf_iter_num_next(&it))) barrier(); p = bpf_iter_num_next(&it); r = *p; bpf_iter_num_destroy(&it); return r; }
TC(safe_first_is_there) { struct bpf_iter_num it; int r; bpf_iter_num_new(&it, 3, 5); int *p = bpf_iter_num_next(&it); r = *p; bpf_iter_num_destroy(&it); return r; }
