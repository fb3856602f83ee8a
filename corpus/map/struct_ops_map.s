; The map that implements a kernel struct is not for programs.
; expect: map-struct-ops
; type: sched_cls
; btf: ../btf/plain.o
; map: m struct_ops key=4 max=1 vmlinux_type=bpf_struct_ops_tcp_congestion_ops
  r1 = map[m]
  r0 = 0
  exit
