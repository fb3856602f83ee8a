; A helper that fills as much as is asked for, and a map that programs only read.
; expect: mem-map-read-only
; type: sched_cls
; map: m array key=4 value=8 max=1 flags=128
  r6 = r1
  r7 = *(u32 *)(r1 +0)
  r7 &= 7
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r6
  r2 = 0
  r3 = r0
  r4 = r7
  r4 += 1
  call bpf_skb_load_bytes
out:
  r0 = 0
  exit
