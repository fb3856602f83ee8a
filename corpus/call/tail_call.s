; A tail call with a constant index.
; expect: accepted
; type: xdp
; map: progs prog_array key=4 value=4 max=4
  r2 = map[progs]
  r3 = 2
  call bpf_tail_call
  r0 = 2
  exit
