; The address of a function needs function information.
; expect: btf-func-info-missing
; type: sched_cls
  r1 = 4
  r2 = func[f]
  r3 = 0
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
f:
  r0 = 0
  exit
