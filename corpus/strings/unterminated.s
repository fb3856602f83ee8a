; That ends with zero.
; expect: call-str-unterminated
; type: sched_cls
; map: m array key=4 value=4 max=1 flags=128 data=25642564 frozen
  r1 = r10
  r1 += -16
  r2 = 16
  r3 = map_value[m]
  r4 = 0
  r5 = 0
  call bpf_snprintf
  r0 = 0
  exit
