; Only to structs.
; expect: kfunc-rdonly-cast-type
; type: sched_cls
  r2 = 1
  call bpf_rdonly_cast
  r0 = 0
  exit
