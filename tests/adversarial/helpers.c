/* What helpers return. */
#include "common.h"

TC(bug_string_length) { VALUE; char to[16]; long n = bpf_probe_read_kernel_str(to, 16, v); if (n < 0) return 0; v->b[n + 56] = 1; return 0; }
TC(bug_random) { VALUE; u64 n = bpf_get_prandom_u32(); v->b[n & 127] = 1; return 0; }
TC(bug_negative_error) { VALUE; char to[4]; long r = bpf_skb_load_bytes(skb, skb->mark, to, 4); v->b[r] = 1; return 0; }
TC(bug_unchecked) { u32 key = skb->mark; struct value *v = bpf_map_lookup_elem(&h, &key); v->b[0] = 1; return 0; }
TC(bug_beyond_array) { u32 key = skb->mark & 7; struct value *v = bpf_map_lookup_elem(&four, &key); v->b[0] = 1; return 0; }
TC(bug_other_checked) { u32 a = 0, b = skb->mark; struct value *v = bpf_map_lookup_elem(&h, &a), *w = bpf_map_lookup_elem(&h, &b);
	if (!v) return 0; w->b[0] = 1; return 0; }
TC(bug_checksum) { VALUE; long n = bpf_csum_diff(0, 0, v, 64, 0); v->b[n & 255] = 1; return 0; }
TC(bug_size_of_read) { VALUE; char to[16]; u32 n = skb->mark & 31; bpf_probe_read_kernel(to, HIDE(n), v); return to[0]; }
TC(safe_in_array) { u32 key = skb->mark & 3; struct value *v = bpf_map_lookup_elem(&four, &key); v->b[0] = 1; return 0; }
TC(safe_in_array_counted) { u32 key = skb->mark % HIDE(4u); struct value *v = bpf_map_lookup_elem(&four, &key); v->b[5] = 1; return 0; }
TC(safe_clock) { VALUE; u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns(); if (b >= a) return 0; v->b[HIDE(100ull)] = 1; return 0; }
TC(safe_random_low) { VALUE; u64 n = bpf_get_prandom_u32(); u64 a = n & 127; u64 b = HIDE(a) >> 6; if (b) return 0; v->b[a] = 1; return 0; }
TC(safe_random_high) { VALUE; u64 n = bpf_get_prandom_u32(); v->b[n >> 32] = 1; return 0; }
