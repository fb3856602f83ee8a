; One with more than twelve arguments.
; expect: kfunc-proto-args
; expect-6.18: kfunc-not-allowed
; type: sched_cls
  call trace_event_raw_event_balance_dirty_pages
  r0 = 0
  exit
