; Where the traced function is, for tracing programs.
; expect: call-func-ip-type
; type: tracepoint
  call bpf_get_func_ip
  r0 = 0
  exit
