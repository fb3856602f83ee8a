; Code behind an exit that nothing jumps to.
; expect: cfg-unreachable
  r0 = 0
  exit
  r0 = 1
  exit
