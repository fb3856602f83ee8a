; Tail calls need a prog array.
; expect: call-tail-call-map
; type: xdp
; map: m array key=4 value=4 max=4
  r2 = map[m]
  r3 = 2
  call bpf_tail_call
  r0 = 2
  exit
