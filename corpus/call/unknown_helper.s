; A number that no helper has.
; expect: call-unknown-helper
  call unknown#4000
  exit
