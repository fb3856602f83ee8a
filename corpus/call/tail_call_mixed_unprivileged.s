; One tail call with two arrays, by a program that may not speculate.
; expect: call-tail-call-mixed
; kernel: 6.12
; caps: none
; type: socket_filter
; map: p prog_array key=4 value=4 max=4
; map: q prog_array key=4 value=4 max=4
  r6 = r1
  r0 = *(u32 *)(r6 +0)
  if r0 != 0 goto other
  r2 = map[p]
  goto call
other:
  r2 = map[q]
call:
  r3 = 0
  r1 = r6
  call bpf_tail_call
  r0 = 1
  exit
