; That exist.
; expect: kfunc-rdonly-cast-unknown
; expect-6.12: kfunc-rdonly-cast-type
; type: sched_cls
  r2 = 0x7fffff
  call bpf_rdonly_cast
  r0 = 0
  exit
