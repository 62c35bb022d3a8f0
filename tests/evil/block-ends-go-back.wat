;; fails: Protocol
;; says: a block's row ends are not in order
(data (i32.const 128)
  "\00\00\00\00"                    ;; rows of any length
  "\00\02\00\00" "\02\00\00\00"     ;; 2 words
  "\00\02\00\00" "\02\00\00\00"     ;; 2 ends, zero both
  "\00\02\00\00" "\02\00\00\00")    ;; 2 weights
(func $snapshot-next (param i32) (result i32) (call $pair (i32.const 128) (i32.const 1)))
