; A helper without result leaves R0 uninitialised.
; expect: reg-uninit
; type: kprobe
; map: rb ringbuf max=4096
  r1 = map[rb]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r1 = r0
  r2 = 0
  call bpf_ringbuf_submit
  exit
out:
  r0 = 0
  exit
