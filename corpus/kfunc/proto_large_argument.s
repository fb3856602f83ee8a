; One that takes a large struct.
; expect: kfunc-proto-arg
; type: sched_cls
  call ZSTD_initCStream_advanced
  r0 = 0
  exit
