; Not every helper may read packets.
; expect: call-packet-arg
; type: sched_cls
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r0 = r2
  r0 += 8
  if r0 > r3 goto out
  r1 = r2
  r2 = 8
  call bpf_trace_printk
out:
  r0 = 0
  exit
