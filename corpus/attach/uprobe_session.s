; The number that a later release gave to sessions of user probes: before, the kernel does not look at it.
; expect: accepted
; expect-6.18: return-range
; type: kprobe
; attach: trace_uprobe_session
  r0 = 5
  exit
