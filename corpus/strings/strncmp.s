; Another helper that wants a constant string.
; expect: call-str-writable
; type: sched_cls
; map: m array key=4 value=4 max=1
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = map_value[m]
  call bpf_strncmp
  r0 = 0
  exit
