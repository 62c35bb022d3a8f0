;; fails: Protocol
;; says: does not open: something went wrong
(func $open (param i32 i32 i32 i32 i32) (result i32) (call $refuse (i32.const 32) (i32.const 20)))
