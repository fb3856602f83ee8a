; A prog array belongs to the type of the first program put into it; only the rewriting stage finds out.
; expect: accepted
; type: xdp
; map: progs prog_array key=4 value=4 max=4 owner=xdp
  r2 = map[progs]
  r3 = 2
  call bpf_tail_call
  r0 = 2
  exit
