; A loop that the kernel will end.
; expect: accepted
; type: sched_cls
  r0 = 0
loop:
  r0 += 1
  may_goto done
  goto loop
done:
  r0 &= 1
  exit
