; And through a function.
; expect: accepted
; type: sched_cls
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +0)
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r7 = r0
  r1 = r6
  call f
  r7 += r0
  r0 = *(u8 *)(r7 +0)
out:
  r0 = 0
  exit
f:
  r0 = 24
  if r1 > 100 goto done
  r0 = 32
done:
  exit
