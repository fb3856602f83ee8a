/* Programs whose name begins with `bug_` go wrong on some input; those that begin with `safe_` never do, although the kernel
 * rejects them. Numbers that the kernel loses are hidden from it, and from the compiler, by HIDE. */
#pragma once
#include "bpf.h"

#define HIDE(v) ({ typeof(v) _v = (v); barrier_var(_v); _v; })
/* Zero, as a difference that the kernel does not see through. */
#define ZERO(x) ({ u64 _a = (x) & 63; u64 _b = HIDE(_a); barrier_var(_a); _a ^ _b; })
#define TC(name) SEC("tc") int name(struct __sk_buff *skb)

struct value { u8 b[64]; };
struct wide { u64 w[64]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } m SEC(".maps");
struct { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, struct value); } four SEC(".maps");
struct { __uint(type, HASH); __uint(max_entries, 8); __type(key, u32); __type(value, struct value); } h SEC(".maps");
struct { __uint(type, PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct wide); } own SEC(".maps");

static __inline struct value *value(void)
{
	u32 key = 0;

	return bpf_map_lookup_elem(&m, &key);
}

#define VALUE struct value *v = value(); if (!v) return 0
static long (*bpf_probe_read_kernel_str)(void *to, u32 size, const void *from) = (void *)115;

LICENSE("GPL");
