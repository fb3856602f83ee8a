; An iterator is given back by an address above the frame.
; expect: accepted
; type: sched_cls
  r1 = r10
  r1 += -8
  r2 = 0
  r3 = 3
  call bpf_iter_num_new
  r1 = r10
  call bpf_iter_num_destroy
  r0 = 0
  exit
