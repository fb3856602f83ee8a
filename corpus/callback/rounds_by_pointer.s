; The number of rounds is followed like a number, even where it is a pointer.
; expect: kernel-bug-precision
; expect-6.12: call-arg-type
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
  r1 = r10
  r2 = func[f]
  r3 = 0
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
f:
  r0 = 0
  exit
