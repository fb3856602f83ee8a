/* What the programs share. They are compiled for BPF, and once more for the machine itself as the native measure:
 * the context holds addresses of 32 bits in both, packets lie low enough. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define XDP_DROP 1
#define XDP_PASS 2
#define XDP_TX 3

/* The value cannot be reasoned about beyond this point, so that the work before it is done. */
#define OPAQUE(x) asm volatile("" : "+r"(x))

#ifdef __bpf__
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;
char LICENSE[] SEC("license") = "GPL";
#endif
