; A tail call never comes back to release what is held.
; expect: ref-leak
; type: sched_cls
; map: progs prog_array key=4 value=4 max=4
; map: rb ringbuf max=4096
  r6 = r1
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r7 = r0
  r1 = r6
  r2 = map[progs]
  r3 = 2
  call bpf_tail_call
  r1 = r7
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 2
  exit
