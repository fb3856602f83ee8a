; A program that sleeps, on a tracepoint that is named later.
; expect: attach-not-sleepable-type
; type: raw_tracepoint
; flags: sleepable
  r0 = 0
  exit
