; Programs that make system calls need the right to observe for this since 6.16.
; expect: call-helper-not-offered
; expect-6.12: accepted
; caps: bpf net_admin
; flags: sleepable
; type: syscall
  call bpf_get_current_task_btf
  r0 = 0
  exit
