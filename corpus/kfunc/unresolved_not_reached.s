; And does no harm elsewhere.
; expect: accepted
; type: sched_cls
  r0 = 0
  if r0 == 0 goto out
  .insn 0x85, 0, 2, 0, 0
out:
  exit
