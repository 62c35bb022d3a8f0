;; fails: Protocol
;; says: a block's words do not fit its rows
(data (i32.const 128)
  "\03\00\00\00"                    ;; stride 3
  "\00\02\00\00" "\04\00\00\00"     ;; 4 words
  "\00\02\00\00" "\00\00\00\00"     ;; no ends
  "\00\02\00\00" "\01\00\00\00")    ;; 1 weight
(func $delta (param i32 i32) (result i32) (call $pair (i32.const 128) (i32.const 1)))
