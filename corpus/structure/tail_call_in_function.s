; So do functions that tail call.
; expect: btf-tail-call
; type: xdp
; map: progs prog_array key=4 value=4 max=4
  call f
  exit
f:
  r2 = map[progs]
  r3 = 0
  call bpf_tail_call
  r0 = 0
  exit
