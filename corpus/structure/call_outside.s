; The function called lies behind the end.
; expect: cfg-call-destination
  call pc+7
  exit
