; Rounds of a callback in a loop, which an earlier path went through with another count.
; expect: accepted
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
; func: f step
; func: cb step
loop:
  may_goto out
  call f
  goto loop
out:
  r0 = 0
  exit
f:
  call bpf_get_prandom_u32
  if r0 == 0 goto a
  r1 = 1
  goto b
a:
  r1 = 2
b:
  r2 = func[cb]
  r3 = 0
  r4 = 0
  call bpf_loop
  r0 = 0
  exit
cb:
  r0 = 1
  exit
