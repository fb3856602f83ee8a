; An index into a record that may be too large.
; expect: mem-region-range
; type: xdp
; map: r ringbuf max=4096
  r6 = *(u32 *)(r1 +12)
  r6 &= 31
  r1 = map[r]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r1 = r0
  r1 += r6
  *(u8 *)(r1 +0) = 1
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
