; Some hooks are not for programs.
; expect: attach-disabled-hook
; kernel: 6.12
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_inode_getsecurity
  r0 = 0
  exit
