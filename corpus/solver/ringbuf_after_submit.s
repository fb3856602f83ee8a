; A record that was given away.
; expect: mem-invalid-access
; type: xdp
; map: r ringbuf max=4096
  r1 = map[r]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r6 = r0
  r1 = r0
  r2 = 0
  call bpf_ringbuf_submit
  *(u64 *)(r6 +0) = 1
out:
  r0 = 0
  exit
