; What a device says of a packet needs a program bound to the device.
; expect: kfunc-dev-bound
; type: xdp
  r2 = r10
  r2 += -8
  call bpf_xdp_metadata_rx_timestamp
  r0 = 2
  exit
