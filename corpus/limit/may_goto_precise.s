; With a value in it that must be exact.
; expect: mem-map-value-range
; type: sched_cls
; map: m array key=4 value=64 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r6 = 0
loop:
  r6 += 1
  may_goto done
  goto loop
done:
  r0 += r6
  r0 = *(u8 *)(r0 +0)
out:
  r0 = 0
  exit
