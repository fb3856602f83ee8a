; A counted jump to the next instruction.
; expect: accepted
; expect-6.12: may-goto-invalid
; type: sched_cls
  r0 = 0
  may_goto +0
  exit
