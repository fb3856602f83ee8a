; An array is no ring buffer.
; expect: call-map-type
; map: m array key=4 value=8 max=1
  r1 = map[m]
  r2 = 8
  r3 = 0
  call bpf_ringbuf_reserve
  r0 = 0
  exit
