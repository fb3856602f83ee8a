; A record that could not be had.
; expect: mem-invalid-access
; type: xdp
; map: r ringbuf max=4096
  r1 = map[r]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  *(u64 *)(r0 +0) = 1
  r0 = 0
  exit
