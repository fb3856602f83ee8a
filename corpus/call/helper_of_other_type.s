; XDP helpers are not for socket filters.
; expect: call-helper-not-offered
  r2 = 0
  call bpf_xdp_adjust_head
  exit
