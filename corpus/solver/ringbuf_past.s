; Behind the end of a record.
; expect: mem-region-range
; type: xdp
; map: r ringbuf max=4096
  r1 = map[r]
  r2 = 16
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  *(u64 *)(r0 +16) = 1
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
out:
  r0 = 0
  exit
