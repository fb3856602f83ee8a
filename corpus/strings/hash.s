; In a map whose values have an address.
; expect: call-str-map
; type: sched_cls
; map: m hash key=4 value=4 max=1 flags=128 frozen
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r3 = r0
  r1 = r10
  r1 += -16
  r2 = 16
  r4 = 0
  r5 = 0
  call bpf_snprintf
out:
  r0 = 0
  exit
