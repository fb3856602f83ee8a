; A jump by 32 bits.
; expect: accepted
; type: sched_cls
  r0 = 0
  gotol end
end:
  exit
