/* What helpers, kernel functions and functions of the program give back. */
#include "common.h"

HELPER(long, bpf_strtoul, 106, const char *buf, u64 len, u64 flags, u64 *res);
HELPER(u64, bpf_ringbuf_query, 134, void *map, u64 what);
HELPER(u64, bpf_jiffies64, 118, void);
HELPER(long, bpf_get_numa_node_id, 42, void);
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, QUEUE); __uint(max_entries, 4); __uint(key_size, 0); __type(value, u64); } queue SEC(".maps");
static long nothing(void *map, u32 *key, struct value *value, u64 *s) { return 0; }
static int stop_at(u32 i, u64 *s) { *s = i; return i == 20; }
static int stop_late(u32 i, u64 *s) { *s = i; return i == 66; }
static int stop_never(u32 i, u64 *s) { *s = i; return 0; }
static int go(u32 i, u64 *s) { return 0; }
TC(safe_how_many_elements) { VALUE; u64 s = 0; long n = bpf_for_each_map_elem(&h, nothing, &s, 0); if (n < 0) return 0; v->b[n] = 1; return 0; }
TC(bug_how_many_elements) { VALUE; u64 s = 0; long n = bpf_for_each_map_elem(&h, nothing, &s, 0); if (n < 0) return 0; v->b[n * 9] = 1; return 0; }
TC(safe_how_many_rounds) { VALUE; u64 s = 0; long n = bpf_loop(40, go, &s, 0); v->b[HIDE(n)] = 1; return 0; }
TC(bug_how_many_rounds) { VALUE; u64 s = 0; long n = bpf_loop(skb->mark & 127, go, &s, 0); v->b[HIDE(n)] = 1; return 0; }
TC(bug_too_many_rounds) { VALUE; u64 s = 0; long n = bpf_loop(9000000, go, &s, 0); v->b[n] = 1; return 0; }
TC(safe_too_many_rounds) { VALUE; u64 s = 0; bpf_loop(9000000, stop_never, &s, 0); v->b[s] = 1; return 0; }
TC(safe_stopped) { VALUE; u64 s = 0; bpf_loop(100, stop_at, &s, 0); v->b[s] = 1; return 0; }
TC(bug_stopped_late) { VALUE; u64 s = 0; bpf_loop(100, stop_late, &s, 0); v->b[s] = 1; return 0; }
TC(bug_text_to_number) { VALUE; u64 n = 0; char t[4] = "7\0\0"; t[0] = skb->mark; t[1] = skb->mark >> 8; bpf_strtoul(t, 4, 10, &n); v->b[n] = 1; return 0; }
TC(safe_text_when_refused) { VALUE; u64 n = 80; char t[4] = "x\0\0"; if (bpf_strtoul(t, 4, 10, &n) >= 0) return 0; v->b[HIDE(n)] = 1; return 0; }
TC(bug_popped) { VALUE; u64 n = 0; if (bpf_map_pop_elem(&queue, &n)) return 0; v->b[n] = 1; return 0; }
TC(bug_queried) { VALUE; u64 n = bpf_ringbuf_query(&rb, 0); v->b[n] = 1; return 0; }
TC(bug_update_result) { VALUE; u32 k = skb->mark; long r = bpf_map_update_elem(&h, &k, v, 1); v->b[r + 64] = 1; return 0; }
TC(bug_time) { VALUE; u64 n = bpf_ktime_get_ns() & 127; v->b[HIDE(n)] = 1; return 0; }
TC(safe_time_later) { VALUE; u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns(); u64 d = b < a; v->b[HIDE(d * 100)] = 1; return 0; }
TC(bug_time_earlier) { VALUE; u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns(); if (b - a < 100) return 0; v->b[b - a] = 1; return 0; }
TC(bug_comm) { VALUE; u8 c[16]; bpf_get_current_comm(c, 16); v->b[c[3]] = 1; return 0; }
TC(safe_comm_ends) { VALUE; u8 c[16]; if (bpf_get_current_comm(c, 16)) return 0; v->b[(u64)c[15] * 100] = 1; return 0; }
TC(bug_bytes_when_refused) { VALUE; u8 c[4] = { 70, 1, 1, 1 }; bpf_skb_load_bytes(skb, 0, c, 4); v->b[c[0]] = 1; return 0; }
TC(safe_bytes_when_refused) { VALUE; u8 c[4] = { 70, 1, 1, 1 }; if (!bpf_skb_load_bytes(skb, 0, c, 4)) return 0; v->b[c[0]] = 1; return 0; }
TC(bug_read_of_some) { VALUE; u64 i = 3; u32 n = (skb->mark & 3) + 1; bpf_probe_read_kernel(&i, HIDE(n) & 7, v); v->b[i] = 1; return 0; }
__noinline int masked(u32 a) { return a & 63; }
__noinline int masked_wide(u32 a) { return a & 127; }
__noinline int set(u64 *at) { if (!at) return 0; *at = 90; return 0; }
__noinline int set_low(u64 *at) { if (!at) return 0; *at = 30; return 0; }
TC(safe_global_result) { VALUE; v->b[masked(skb->mark)] = 1; return 0; }
TC(bug_global_result) { VALUE; v->b[masked_wide(skb->mark)] = 1; return 0; }
TC(bug_global_writes) { VALUE; u64 i = 3; set(&i); v->b[i] = 1; return 0; }
TC(safe_global_writes) { VALUE; u64 i = 3; set_low(&i); v->b[i] = 1; return 0; }
static const u8 low[64] = { 0, 1, 63, 9, 8, 7, 60, 61, 33 };
static const u8 high[64] = { 0, 1, 63, 9, 64, 7, 60, 61, 33 };
static volatile u32 set_later = 5;
TC(safe_by_table) { VALUE; v->b[low[skb->mark & 63]] = 1; return 0; }
TC(bug_by_table) { VALUE; v->b[high[skb->mark & 63]] = 1; return 0; }
TC(bug_by_variable) { VALUE; v->b[set_later] = 1; return 0; }
TC(bug_read_again) { VALUE; volatile u8 *c = &v->b[0]; if (*c > 63) return 0; v->b[*c] = 1; return 0; }
static long by_key(void *map, u32 *key, struct value *value, struct value **v) { (*v)->b[*key] = 1; return 0; }
TC(safe_key_of_array) { VALUE; bpf_for_each_map_elem(&four, by_key, &v, 0); return 0; }
TC(bug_key_of_hash) { VALUE; bpf_for_each_map_elem(&h, by_key, &v, 0); return 0; }
